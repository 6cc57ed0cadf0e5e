"""Values of the queue and of reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SLOT_LIMIT = 62
"""Slots are bits of a signed 64-bit integer."""
IDLE_CUT = timedelta(seconds=60)
"""A longer silence of the review page counts as a pause."""


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


def item_alias(assignment_public_id: str) -> str:
    """What a reviewer sees for an item: it depends on nothing but the random id of their own assignment."""
    return assignment_public_id[:6].upper()


def working_seconds(seen_at: datetime | None, now: datetime) -> float:
    """Time at work since the page was last heard of, a pause cut."""
    if seen_at is None or now <= seen_at:
        return 0.0
    return min(now - seen_at, IDLE_CUT).total_seconds()
