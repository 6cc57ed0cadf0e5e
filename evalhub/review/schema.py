"""Values of the queue and of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from evalhub.projects.schema import Candidate, seeded
from evalhub.rubrics.schema.review import NOTE_LIMIT, QUOTES_LIMIT, PreferenceChoice, ReviewBody

IDLE_CUT = timedelta(seconds=60)
"""A longer silence counts as a pause, where the review page does not say how long it was worked on."""
A_DAY = 86_400


class Changed(StrEnum):
    """What becomes of graded items when a project takes up a rubric version that asks something else."""

    REGRADE = "regrade"
    """All get a task that asks what they have no answer to."""
    SAMPLE = "sample"
    """Some do, drawn at random."""
    KEEP = "keep"
    """None does: they stay under the version that they were graded on."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A task held by a reviewer; `token` proves that this very lease is meant."""

    project_id: int
    task_id: int
    reviewer_id: int
    assignment: str
    token: str
    leased_until: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class OnlyLocked:
    """Nothing could be claimed, but the task at the mark was being claimed by somebody else just then."""

    task_id: int


@dataclass(frozen=True, slots=True)
class NothingLeft:
    """No task of the project waits for this reviewer."""


Claimed = Lease | OnlyLocked | NothingLeft


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission.

    `next` is the next lease where one was claimed in the same transaction; `is_extra` tells that the review came too
    late for a slot and stands outside overlap and figures.
    """

    assignment: str
    review: str
    revision: int
    is_replay: bool
    is_extra: bool
    next: Lease | OnlyLocked | NothingLeft


def lowest_bit(free_slots: int) -> int:
    """Number of the lowest set bit."""
    return (free_slots & -free_slots).bit_length() - 1


def bits_of(slots: int) -> int:
    """All slots free: `slots` set bits."""
    return (1 << slots) - 1


def drawn(candidates: Sequence[Candidate], n: int, seed: int) -> list[int]:
    """Ids of n of the items at random, or of all where there are fewer; every stratum gives its share.

    Laid out by stratum, every (N/n)-th is taken from a random start: each item has the same chance, however small its
    stratum and wherever that stands in the alphabet.
    """
    laid_out = sorted(candidates, key=lambda c: (c.stratum, seeded(seed, "draw", c.external_id)))
    total = len(laid_out)
    if n >= total:
        return [candidate.item_id for candidate in laid_out]
    start = int.from_bytes(seeded(seed, "start", ""), "big") % total
    return [
        candidate.item_id
        for i, candidate in enumerate(laid_out)
        if (start + (i + 1) * n) // total > (start + i * n) // total
    ]


def item_alias(assignment_public_id: str) -> str:
    """What a reviewer sees for an item: it depends on nothing but the random id of their own assignment."""
    return assignment_public_id[:6].upper()


PREFERENCE = "_preference"
"""Where forms and drafts keep the preference among scores and notes; the id of a criterion begins otherwise."""
LEANINGS: dict[PreferenceChoice, int] = {
    "left_much_better": -2,
    "left_better": -1,
    "about_the_same": 0,
    "right_better": 1,
    "right_much_better": 2,
}
"""The choices from left to right: below 0 the left answer is preferred, and the size is the strength."""


def left_of(pair: tuple[int, int], *, seed: int, reviewer: str) -> int:
    """Which of two tasks a reviewer sees on the left, and grades first: as if drawn, and the same whenever asked.

    Args:
        seed: the project's.
        reviewer: public id of the account.
    """
    first, second = sorted(pair)
    return (first, second)[seeded(seed, "left", f"{reviewer}\0{first}")[0] % 2]


def choice_of(leaning: int) -> PreferenceChoice:
    return next(choice for choice, size in LEANINGS.items() if size == leaning)


def working_seconds(seen_at: datetime | None, now: datetime, said: float | None = None) -> float:
    """Time at work since the page was last heard of: what it says itself, but never more than has passed."""
    if seen_at is None or now <= seen_at:
        return 0.0
    return min((now - seen_at).total_seconds(), IDLE_CUT.total_seconds() if said is None else said)


Text = Annotated[str, Field(max_length=NOTE_LIMIT)]


class DraftBody(BaseModel):
    """A review as far as it is written; nothing of it needs to fit the rubric yet."""

    model_config = ConfigDict(extra="forbid")

    scores: dict[str, Annotated[str, Field(max_length=200)] | float | None] = Field(default={}, max_length=200)
    notes: dict[str, Text] = Field(default={}, max_length=200)
    tags: dict[str, list[Annotated[str, Field(max_length=64)]]] = Field(default={}, max_length=200)
    evidence: dict[str, Annotated[list[dict[str, Any]], Field(max_length=QUOTES_LIMIT)]] = Field(
        default={}, max_length=200
    )
    note: Text = ""
    confidence: Annotated[int, Field(ge=1, le=3)] | None = None

    @classmethod
    def of(cls, review: ReviewBody) -> DraftBody:
        """The content of a submission, without its lease and key."""
        body = cls.model_validate(review.model_dump(include=set(cls.model_fields)))
        if review.preference is not None:
            body.prefer(review.preference.choice, review.preference.reason)
        return body

    def prefer(self, choice: PreferenceChoice, reason: str) -> None:
        """Note which of two answers is preferred."""
        self.scores[PREFERENCE] = choice
        if reason:
            self.notes[PREFERENCE] = reason


class SentDraft(BaseModel):
    """What the page sends to save a draft: the revision that it last saw, and the text."""

    model_config = ConfigDict(extra="forbid")

    revision: Annotated[int, Field(ge=0)]
    body: DraftBody
    seconds: Annotated[float, Field(ge=0, le=A_DAY)] | None = None
    """Time at work since the page last told."""
