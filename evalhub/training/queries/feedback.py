"""A practice review beside the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.review.models import Evidence
from evalhub.review.queries.assignments import Desk, GivenRating, given_ratings
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import Criterion
from evalhub.training.models import Attempt
from evalhub.training.queries.attempts import Tally, attempt_of_task, tally, trials_of
from evalhub.training.schema.judging import Closeness, Known
from evalhub.training.schema.reference import ReferenceAnswer


@dataclass(frozen=True, slots=True)
class Compared:
    """One criterion; `reference` and `closeness` are None where the item has no known answer to it."""

    criterion: Criterion
    given: Known
    note: str
    quotes: tuple[Evidence, ...]
    reference: ReferenceAnswer | None
    closeness: Closeness | None

    @property
    def is_met(self) -> bool:
        return self.closeness in (Closeness.EXACT, None)

    @property
    def is_same_answer(self) -> bool:
        """Whether one descriptor says it all; numbers may differ and still count as exact."""
        return self.reference is not None and self.reference.known == self.given


@dataclass(frozen=True, slots=True)
class Feedback:
    attempt: Attempt
    score: Tally
    is_right: bool
    criteria: list[Compared]


def feedback_of(session: Session, desk: Desk) -> Feedback:
    """How a submitted practice review compares with the reference, in the rubric's order.

    Raises:
        NotFound: the assignment is no graded part of an attempt.
    """
    attempt = attempt_of_task(session, desk.project.id, desk.task.id)
    if attempt is None:
        raise NotFound
    trials = trials_of(session, attempt)
    trial = next(trial for trial in trials if trial.task_id == desk.task.id)
    if trial.judged is None:
        raise NotFound
    reviewer_id = desk.assignment.reviewer_id
    given = given_ratings(session, desk.project.id, desk.task.id, [reviewer_id]).get(reviewer_id, [])
    by_key = {rating.criterion: rating for rating in given}
    criteria = [
        _compared(criterion, by_key[criterion.key], trial.reference.get(criterion.key), trial.judged.closeness)
        for criterion in rubric_of(desk.rubric_version).applicable(desk.item.tags)
        if criterion.key in by_key
    ]
    return Feedback(attempt, tally(trials), trial.judged.is_right, criteria)


def _compared(
    criterion: Criterion, rating: GivenRating, reference: ReferenceAnswer | None, closeness: Mapping[str, Closeness]
) -> Compared:
    return Compared(
        criterion=criterion,
        given=Known(rating.level, rating.value),
        note=rating.note,
        quotes=rating.evidence,
        reference=reference,
        closeness=closeness.get(criterion.key),
    )
