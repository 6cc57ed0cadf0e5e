"""Why an item scored what it did: what a page, the command line and programs are told alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quote(Shown):
    side: str
    start: int
    end: int
    exact: str


class Said(Shown):
    """One reviewer's rating of a criterion as it stands."""

    who: str
    answer: str
    rank: int | None
    value: float | None
    counts: bool = Field(description="Whether the rating was planned, and so is in every figure")
    corrected_to: str = Field(description="What the consensus takes instead, after an accepted correction; or empty")
    note: str
    tags: Sequence[str]
    quotes: Sequence[Quote]


class CriterionExplained(Shown):
    """What a criterion of the item came to, by which rule, and what was said; rank, value and share where rated."""

    criterion: str
    title: str
    question: str
    weight: float
    critical: bool
    state: str
    answer: str
    level: str
    rank: int | None
    value: float | None
    share: float | None = Field(description="Where the answer lies between the worst (0) and the best (1)")
    method: str
    rule: str = Field(description="The rule that settled it, applied, in words")
    descriptor: str = Field(description="What the rubric says of the level")
    n_ratings: int
    counts: Sequence[int] = Field(description="Ratings of each level, from the worst")
    agreement: float | None = Field(description="Share of pairs of reviewers with the same answer; null below two")
    rationale: str
    said: Sequence[Said]


class Step(Shown):
    """One criterion's part in the score: its share of the scale, times its weight or points where scoring has such."""

    criterion: str
    title: str
    answer: str
    share: float
    factor: float | None
    part: float


class ScoreExplained(Shown):
    """The score of the whole item, step by step; undefined as a whole with a reason, or defined as a whole."""

    defined: bool
    score: float | None
    level: str
    passed: bool | None
    failed: bool
    because: str = Field(description="Why there is no score; or empty")
    scoring: str
    steps: Sequence[Step]
    sentences: Sequence[str] = Field(description="How the steps come to score, level and pass, in words")


class RecordExplained(Shown):
    """What an export says of the item."""

    purpose: str
    rubric: str
    rubric_version: int
    state: str
    finalized_at: datetime | None
    criteria: Sequence[CriterionExplained]
    score: ScoreExplained


class GivenAnswer(Shown):
    title: str
    answer: str
    note: str
    tags: Sequence[str] = ()


class RevisionExplained(Shown):
    """One revision of a review; the answers of the last stand with the criteria, unless it was voided."""

    revision: int
    submitted_at: datetime
    active_seconds: float | None
    note: str
    confidence: int | None
    answers: Sequence[GivenAnswer]
    voided_at: datetime | None
    void_reason: str
    returned_at: datetime | None
    return_reason: str = Field(description="Why it was sent back to its reviewer; or empty")


class ReviewExplained(Shown):
    """One person's hold on a task, whatever became of it."""

    assignment: str
    who: str
    state: str
    is_planned: bool
    claimed_at: datetime | None
    leased_until: datetime | None
    submitted_at: datetime | None
    active_seconds: float
    has_draft: bool
    skip_reason: str
    skip_note: str
    revisions: Sequence[RevisionExplained]


class DecisionExplained(Shown):
    revision: int
    by: str
    at: datetime
    cause: str
    rationale: str
    exception: str
    answers: Sequence[GivenAnswer]


class CorrectionExplained(Shown):
    who: str
    title: str
    answer: str
    reason: str
    state: str
    sent_at: datetime
    said: str


class CaseExplained(Shown):
    case: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    disputed: Sequence[GivenAnswer] = Field(description="Criteria in dispute; `answer` says why")
    decisions: Sequence[DecisionExplained]
    corrections: Sequence[CorrectionExplained]


class TaskExplained(Shown):
    """What was asked of so many reviewers, by one version of the rubric."""

    task: str
    purpose: str
    batch: str
    rubric: str
    rubric_version: int
    item_revision: int
    need: int
    slots: int
    held_reason: str = Field(description="Why nobody is given it; empty where it is not taken out")
    settled_at: datetime | None
    reviews: Sequence[ReviewExplained]
    case: CaseExplained | None


class Happening(Shown):
    at: datetime
    who: str
    what: str
    detail: str


class Explanation(Shown):
    """An item with all that became of it.

    `records` is what exports hold: one a version of the rubric that the item was graded by, none while it is withdrawn.
    """

    project: str
    dataset: str
    item: str
    revision: int
    model: str = Field(description="Empty where there is none, or while it is hidden from whoever decides the case")
    tags: Sequence[str]
    content_sha256: str
    withdrawn_at: datetime | None
    records: Sequence[RecordExplained]
    tasks: Sequence[TaskExplained]
    timeline: Sequence[Happening]
