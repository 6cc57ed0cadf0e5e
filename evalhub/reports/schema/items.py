"""The items of a project as a list shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from evalhub.rubrics.schema import Overall


class Stage(StrEnum):
    """How far an item has come."""

    WAITING = "waiting"
    IN_REVIEW = "in_review"
    IN_ADJUDICATION = "in_adjudication"
    FINAL = "final"
    HELD = "held"


STAGE_WORDS = {
    Stage.WAITING: "waiting",
    Stage.IN_REVIEW: "in review",
    Stage.IN_ADJUDICATION: "in adjudication",
    Stage.FINAL: "final",
    Stage.HELD: "taken out",
}


class Wanted(StrEnum):
    """What a list of items can be narrowed to: a stage, or what cuts across them."""

    WAITING = Stage.WAITING.value
    IN_REVIEW = Stage.IN_REVIEW.value
    SCORED = "scored"
    """Every reviewer is done, whether a case is open or not."""
    IN_ADJUDICATION = Stage.IN_ADJUDICATION.value
    FINAL = Stage.FINAL.value
    HELD = Stage.HELD.value
    BEGUN = "begun"
    """Somebody holds it, or has graded it."""
    ONE_MORE = "one_more"
    """Waits for a reviewer beyond the plan, because the first ones differ."""
    STUCK = "stuck"
    """Waits for more reviews than there are people who may still give one."""


WANTED_WORDS = {
    Wanted.WAITING: "Waiting for a first reviewer",
    Wanted.BEGUN: "Begun, or further",
    Wanted.IN_REVIEW: "In review",
    Wanted.ONE_MORE: "Waiting for one more reviewer",
    Wanted.STUCK: "Nobody is left to grade it",
    Wanted.SCORED: "Scored by every reviewer",
    Wanted.IN_ADJUDICATION: "In adjudication",
    Wanted.FINAL: "Final",
    Wanted.HELD: "Taken out",
}


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Each narrows the list where it is given.

    `text` is how the id, the prompt or the answer begins; `level` and `tag_given` pair a criterion's key with the
    level, or the failure tag, that somebody gave there.
    """

    wanted: Wanted | None = None
    model: str = ""
    tag: str = ""
    batch_id: int | None = None
    reviewer_id: int | None = None
    level: tuple[str, str] | None = None
    failure: tuple[str, str] | None = None
    text: str = ""

    @property
    def tells_nothing(self) -> bool:
        """Whether what it narrows to says nothing of anybody's work, and nothing of the model."""
        harmless = {"tag", "batch_id"}
        return not any(getattr(self, one.name) for one in fields(self) if one.name not in harmless)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item; to whoever may still grade it everything but its id, tags and batch is None or empty.

    `overall` is the score of an item that is final; `undecided` names the criteria that keep a complete one from it.
    """

    ref: str
    """Names the item in addresses: the public id of its task."""
    external_id: str
    tags: Sequence[str]
    batch: str
    is_hidden: bool
    model: str | None = None
    stage: Stage | None = None
    held_reason: str | None = None
    done: int | None = None
    slots: int | None = None
    overall: Overall | None = None
    undecided: Sequence[str] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of the list, with the cursors of its neighbours; `total` is exact up to 1,000."""

    lines: Sequence[ItemLine]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
