"""What the review page shows of the other answer of a pair: nothing but its text and one's own scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from evalhub.review.queries.assignments import Desk
from evalhub.review.queries.pairs import Pair, pair_of
from evalhub.review.schema import PREFERENCE, DraftBody, item_alias
from evalhub.review.service.revise import submitted_body
from evalhub.review.views.texts import Text
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Criterion


@dataclass(frozen=True, slots=True)
class OwnScore:
    """What the reviewer gave the other answer on one criterion; a level by its place, worst 0, of so many."""

    title: str
    given: str
    rank: int | None
    n_levels: int
    note: str


@dataclass(frozen=True, slots=True)
class PairShown:
    """The other answer; once it `is_graded`, a preference is asked for."""

    alias: str
    response: Text
    is_left: bool
    is_graded: bool
    own: tuple[OwnScore, ...]
    choice: str | None
    reason: str


def pair_shown(session: Session, desk: Desk, said: DraftBody) -> PairShown | None:
    """The other answer of the desk's pair; None where the answer on the desk stands alone.

    Args:
        said: the review as the page shows it, the preference in it.
    """
    pair = pair_of(session, desk)
    if pair is None:
        return None
    choice = said.scores.get(PREFERENCE)
    return PairShown(
        alias=item_alias(pair.assignment.public_id),
        response=Text.of(pair.item.response),
        is_left=pair.is_left,
        is_graded=pair.is_graded,
        own=tuple(_own_scores(session, desk, pair)) if pair.is_graded else (),
        choice=choice if isinstance(choice, str) else None,
        reason=said.notes.get(PREFERENCE, ""),
    )


def _own_scores(session: Session, desk: Desk, pair: Pair) -> Iterator[OwnScore]:
    body = submitted_body(session, pair.assignment, desk.rubric_version.id)
    for criterion in rubric_of(desk.rubric_version).applicable(pair.item.tags):
        if criterion.key in body.scores:
            yield _own_score(criterion, body.scores, body.notes)


def _own_score(criterion: Criterion, scores: Mapping[str, Any], notes: Mapping[str, str]) -> OwnScore:
    score, note = scores[criterion.key], notes.get(criterion.key, "")
    level = criterion.level(score) if isinstance(score, str) else None
    if level is not None:
        return OwnScore(criterion.title, level.label, level.rank, len(criterion.levels), note)
    return OwnScore(criterion.title, "not applicable" if score is None else f"{score:g}", None, 0, note)
