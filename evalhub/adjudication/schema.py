"""Values of adjudication: a decision as it is sent, pseudonyms, and what became of a criterion."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import FLAG_WORDS
from evalhub.calibration.schema.letters import letters
from evalhub.db import canonical_json
from evalhub.errors import BadInput, Fault
from evalhub.rubrics.schema.models import Criterion
from evalhub.rubrics.schema.review import Answer as SentAnswer
from evalhub.rubrics.schema.text import CONTROL, code_point

CORRECTION_FLAG = "correction"
"""A reviewer asks for a correction of a criterion that was not disputed."""
REASONS = {**{flag.value: words for flag, words in FLAG_WORDS.items()}, CORRECTION_FLAG: "correction asked for"}
"""Why a criterion is in a case, in words."""
ADJUDICATED = "adjudicated"
TEXT_LIMIT = 20_000

Text = Annotated[str, Field(max_length=TEXT_LIMIT)]


class Cause(StrEnum):
    REVIEWER_SLIP = "reviewer_slip"
    RUBRIC_UNCLEAR = "rubric_unclear"
    TRULY_AMBIGUOUS = "truly_ambiguous"
    ITEM_DEFECTIVE = "item_defective"


CAUSE_WORDS: dict[Cause, str] = {
    Cause.REVIEWER_SLIP: "Reviewer slip",
    Cause.RUBRIC_UNCLEAR: "Rubric unclear",
    Cause.TRULY_AMBIGUOUS: "Truly ambiguous",
    Cause.ITEM_DEFECTIVE: "Item defective",
}


class DecisionBody(BaseModel):
    """What an adjudicator sends: an answer for each disputed criterion, why, and what caused the dispute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scores: dict[str, SentAnswer] = Field(description="Level id, number, or null for not applicable, by criterion")
    rationale: Text
    cause: Cause
    revision: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        description="Of the decision that this one replaces; 0 for the first"
    )
    idempotency_key: Annotated[str, Field(pattern=r"^[0-9A-Fa-f-]{32,36}$")]

    @property
    def request_sha256(self) -> str:
        """The same for the same request; the idempotency key stands beside it."""
        body = self.model_dump(mode="json", exclude={"idempotency_key"})
        return hashlib.sha256(canonical_json(body).encode()).hexdigest()


class CorrectionBody(BaseModel):
    """A reviewer's "I was wrong": the answer that should have been given, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    criterion: str
    score: SentAnswer
    reason: Text


def checked_scores(disputed: Mapping[str, Criterion], body: DecisionBody) -> dict[str, Answer]:
    """The answers by criterion key, once they settle every disputed criterion and nothing else.

    Raises:
        BadInput: with every fault.
    """
    faults: list[Fault] = []
    found: dict[str, Answer] = {}
    for key, criterion in disputed.items():
        if key not in body.scores:
            faults.append(_fault(f"scores.{key}", f'"{criterion.title}" is not decided; {_wanted(criterion)}'))
            continue
        answer = checked_answer(criterion, body.scores[key], f"scores.{key}", faults)
        if answer is not None:
            found[key] = answer
    faults += [
        _fault(f"scores.{key[:64]}", "is not disputed in this case; leave it out")
        for key in body.scores
        if key not in disputed
    ]
    faults += text_faults("rationale", body.rationale, "say why; the reviewers will read it")
    if faults:
        raise BadInput("The decision is not complete or does not fit the rubric.", faults=faults)
    return found


def checked_answer(criterion: Criterion, sent: SentAnswer, path: str, faults: list[Fault]) -> Answer | None:
    """The answer as rank or value; None, and a fault, when it is not one of the criterion's."""
    if sent is None:
        if criterion.not_applicable:
            return Answer()
    elif criterion.range is not None:
        if not isinstance(sent, str) and criterion.range.holds(sent):
            return Answer(value=float(sent))
    elif isinstance(sent, str) and (level := criterion.level(sent)) is not None:
        return Answer(rank=level.rank)
    faults.append(_fault(path, f'does not fit "{criterion.title}"; {_wanted(criterion)}'))
    return None


def text_faults(path: str, text: str, wanted: str) -> Iterator[Fault]:
    if not text.strip():
        yield _fault(path, f"is empty; {wanted}")
    if found := CONTROL.search(text):
        yield _fault(path, f"holds the control character {code_point(found[0])}; remove it")


def check_text(path: str, text: str, wanted: str) -> None:
    """Refuse a text that says nothing.

    Raises:
        BadInput: it is empty, or holds a control character.
    """
    faults = list(text_faults(path, text, wanted))
    if faults:
        raise BadInput("Something is missing.", faults=faults)


def answer_words(criterion: Criterion, answer: Answer) -> str:
    """The answer as a reader knows it: the level's label, the number, or "not applicable"."""
    if answer.rank is not None:
        return criterion.levels[answer.rank].label
    return "Not applicable" if answer.value is None else f"{answer.value:g}"


def _wanted(criterion: Criterion) -> str:
    if criterion.range is not None:
        scale = criterion.range
        wanted = f"give a number from {scale.min:g} to {scale.max:g} in steps of {scale.step:g}"
    else:
        wanted = "give one of " + ", ".join(level.key for level in criterion.levels)
    return wanted + (", or not applicable" if criterion.not_applicable else "")


def _fault(path: str, message: str) -> Fault:
    return Fault("schema", message, path)


def pseudonyms(key: str, case: str, reviewers: Iterable[tuple[int, str]]) -> dict[int, str]:
    """A letter for each reviewer of a case, by account id: the same at every look, another in every case.

    Args:
        key: the project's hex key.
        case: public id of the case.
        reviewers: account ids with their public ids.
    """
    secret = bytes.fromhex(key)

    def place(reviewer: tuple[int, str]) -> bytes:
        return hmac.digest(secret, f"{case}\0{reviewer[1]}".encode(), "sha256")

    return {account_id: letters(i) for i, (account_id, _) in enumerate(sorted(reviewers, key=place))}


def case_alias(public_id: str) -> str:
    """What an adjudicator sees for an item: a source's id often names the model."""
    return public_id[:6].upper()


class Given(NamedTuple):
    """A reviewer's answer to a criterion as it counts for the consensus: accepted corrections replace ratings."""

    reviewer_id: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a criterion of an item came to.

    `state` is rated, not_applicable or pending; `method` a rule of the consensus, "adjudicated", or "". `rank` and
    `level` (its id) or `value` are given when it is rated. `counts` has the ratings of each level, or their number on
    a range; `agreement` is the share of pairs of reviewers with the same answer, None with fewer than two answers.
    `n_ratings` includes "not applicable". The adjudicator and the rationale are those of the decision that stands.
    """

    criterion: str
    state: str
    rank: int | None
    level: str | None
    value: float | None
    method: str
    n_ratings: int
    counts: tuple[int, ...]
    agreement: float | None
    adjudicator_id: int | None = None
    rationale: str = ""
    n_decisions: int = 0


def shared_answers(answers: list[Answer]) -> float | None:
    """The share of pairs of reviewers with the same answer."""
    n = len(answers)
    if n < 2:
        return None
    alike = sum(answers.count(answer) - 1 for answer in answers)
    return alike / (n * (n - 1))


def level_counts(criterion: Criterion, answers: Iterable[Answer]) -> tuple[int, ...]:
    """Ratings of each level, from the worst; on a range the number of values."""
    given: list[Any] = [answer.value if criterion.range else answer.rank for answer in answers]
    given = [place for place in given if place is not None]
    return (len(given),) if criterion.range else tuple(given.count(level.rank) for level in criterion.levels)
