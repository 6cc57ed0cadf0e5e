"""What waits for one reviewer, and what they have begun; nothing in it depends on others' answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.db import EPOCH
from evalhub.review.models import (
    LEARNING,
    Assignment,
    AssignmentState,
    Draft,
    Purpose,
    Queue,
    QueueReviewer,
    QueueState,
    Task,
    is_in,
)
from evalhub.review.models.work import ReturnedReview
from evalhub.review.queries.returned import IS_RETURNED
from evalhub.review.schema import item_alias

MOST_COUNTED = 1_000
STEP = 10
LAST = 100
"""How many of the last reviews a median rests on at most."""

IS_LEARNING = sa.exists().where(
    Task.project_id == Assignment.project_id, Task.id == Assignment.task_id, Task.purpose.in_(LEARNING)
)
"""Of an `Assignment` in the statement: practice or qualification, which is none of the project's work."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Items of a project's work that a reviewer may claim; at least so many where the count is not exact.

    `reviews` counts the reviews that these items still want, `sharers` those who may claim from the same queues, the
    reviewer among them; `training` the items of a practice or qualification, which are none of the work. Where gold is
    planted the numbers are coarse: of an exact one a reviewer could see that an item just taken was none of those
    that waited.
    """

    items: int
    reviews: int
    sharers: int
    is_exact: bool
    training: int = 0
    is_coarse: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.items and not self.training

    @property
    def amount(self) -> str:
        """How many items, in words: "12", "more than 1,000", "about 40", "fewer than 10"."""
        if not self.is_exact:
            return f"more than {self.items:,}"
        if not self.is_coarse:
            return f"{self.items:,}"
        return f"about {_to_step(self.items):,}" if self.items >= STEP else f"fewer than {STEP}"

    def a_day(self, due_on: date, today: date) -> int | None:
        """How many reviews a day, today and the due day among them, are this reviewer's part of what is left.

        None when the day is past. A coarse one meets the day for certain where fewer than ten items are left.
        """
        days = (due_on - today).days + 1
        if days < 1:
            return None
        share = min(self.items, -(-self.reviews // max(self.sharers, 1)))
        if self.is_coarse:
            share = _to_step(share) if share >= STEP else STEP - 1
        return -(-share // days)


NOTHING = Waiting(0, 0, 0, is_exact=True)


def _to_step(n: int) -> int:
    return (n + STEP // 2) // STEP * STEP


@dataclass(frozen=True, slots=True)
class Begun:
    """An assignment that is held, or has a draft that may still be sent in.

    `held_until` is None where the lease has ended; `saved_at` where nothing is written yet. A reopened one is submitted
    and stands until it is submitted again.
    """

    assignment: str
    project_id: int
    claimed_at: datetime | None
    seen_at: datetime | None
    held_until: datetime | None
    saved_at: datetime | None
    is_reopened: bool
    returned_because: str | None
    """What an adjudicator wrote who sent the review back."""
    learning: Purpose | None
    """Practice or qualification; None of everything that looks like live work."""

    @property
    def urgency(self) -> tuple[bool, bool, float]:
        """Sorts what is held first, then what was sent back, then what was touched last."""
        return (self.held_until is None, self.returned_because is None, -(self.seen_at or EPOCH).timestamp())

    @property
    def alias(self) -> str:
        return item_alias(self.assignment)


def waiting_for(session: Session, project_id: int, reviewer_id: int, *, is_coarse: bool = False) -> Waiting:
    """What a reviewer may claim in a project: read as a claim reads it, from the cursors on; two statements.

    Gold is counted only where nothing else is left, so that planting it moves no number.

    Args:
        is_coarse: whether the project plants gold.
    """
    queues = (
        sa.select(Queue.id, QueueReviewer.cursor_ord)
        .join(QueueReviewer, sa.and_(QueueReviewer.project_id == Queue.project_id, QueueReviewer.queue_id == Queue.id))
        .where(
            QueueReviewer.project_id == project_id,
            QueueReviewer.reviewer_id == reviewer_id,
            Queue.state == QueueState.OPEN,
            QueueReviewer.cursor_ord < Queue.last_ord,
        )
        .cte("queues")
        .prefix_with("MATERIALIZED")  # read first, or SQLite goes through all tasks of the project
    )
    had = sa.exists().where(
        Assignment.project_id == Task.project_id,
        Assignment.task_id == Task.id,
        Assignment.reviewer_id == reviewer_id,
        Assignment.state != AssignmentState.EXPIRED,
    )
    found = session.execute(
        sa.select(Task.purpose, Task.free_slots)
        .select_from(queues)
        .join(Task, sa.and_(Task.project_id == project_id, Task.queue_id == queues.c.id))
        .where(Task.is_open, Task.ord > queues.c.cursor_ord, ~had)
        .limit(MOST_COUNTED + 1)
    ).all()
    if not found:
        return NOTHING
    training = sum(purpose in LEARNING for purpose, _ in found)
    work = [slots for purpose, slots in found if purpose not in (*LEARNING, Purpose.GOLD)]
    free = work or [slots for purpose, slots in found if purpose is Purpose.GOLD]
    counted = free[:MOST_COUNTED]
    return Waiting(
        items=len(counted),
        reviews=sum(slots.bit_count() for slots in counted),
        sharers=_sharers(session, project_id, reviewer_id),
        is_exact=len(found) <= MOST_COUNTED,
        training=training,
        is_coarse=is_coarse,
    )


def _sharers(session: Session, project_id: int, reviewer_id: int) -> int:
    """Who may claim from the open queues of a reviewer, whether anything is left in them for the reviewer or not."""
    other = aliased(QueueReviewer)
    found = session.scalar(
        sa.select(sa.func.count(sa.distinct(other.reviewer_id)))
        .select_from(QueueReviewer)
        .join(Queue, sa.and_(Queue.project_id == QueueReviewer.project_id, Queue.id == QueueReviewer.queue_id))
        .join(other, sa.and_(other.project_id == Queue.project_id, other.queue_id == Queue.id))
        .where(
            QueueReviewer.project_id == project_id,
            QueueReviewer.reviewer_id == reviewer_id,
            Queue.state == QueueState.OPEN,
        )
    )
    return found or 0


def begun_by(session: Session, project_ids: Collection[int], reviewer_id: int) -> list[Begun]:
    """What a reviewer holds or has written in some projects, the most urgent first; two statements."""
    of_mine = (Assignment.project_id.in_(project_ids), Assignment.reviewer_id == reviewer_id)
    same = sa.and_(
        Draft.project_id == Assignment.project_id,
        Draft.task_id == Assignment.task_id,
        Draft.reviewer_id == Assignment.reviewer_id,
    )
    held = session.execute(
        sa.select(Assignment, Draft.updated_at, sa.null(), Task.purpose)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .outerjoin(Draft, same)
        .where(*of_mine, is_in(AssignmentState.LEASED))
    ).all()
    lapsed = sa.and_(Assignment.state == AssignmentState.EXPIRED, ~Task.held)
    reopened = sa.and_(
        Assignment.state.in_([AssignmentState.SUBMITTED, AssignmentState.EXTRA]),
        Draft.revises == Assignment.revision,
        Task.settled_at.is_(None),
        Assignment.others_shown_at.is_(None),
    )
    written = session.execute(
        sa.select(Assignment, Draft.updated_at, ReturnedReview.reason, Task.purpose)
        .select_from(Draft)
        .join(Assignment, same)
        .outerjoin(ReturnedReview, IS_RETURNED)
        .join(Task, sa.and_(Task.project_id == Draft.project_id, Task.id == Draft.task_id))
        .where(Draft.project_id.in_(project_ids), Draft.reviewer_id == reviewer_id, sa.or_(lapsed, reopened))
    ).all()
    found = [
        Begun(
            assignment=row.public_id,
            project_id=row.project_id,
            claimed_at=row.claimed_at,
            seen_at=row.seen_at,
            held_until=row.leased_until,
            saved_at=saved_at,
            is_reopened=row.submitted_at is not None,
            returned_because=reason,
            learning=purpose if purpose in LEARNING else None,
        )
        for row, saved_at, reason, purpose in (*held, *written)
    ]
    return sorted(found, key=lambda one: one.urgency)


def done_by(session: Session, project_ids: Collection[int], reviewer_id: int) -> dict[int, int]:
    """How many reviews of a project's work a reviewer has submitted, extra ones among them, by project."""
    rows = session.execute(
        sa.select(Assignment.project_id, sa.func.count())
        .where(
            Assignment.project_id.in_(project_ids),
            Assignment.reviewer_id == reviewer_id,
            Assignment.state.in_([AssignmentState.SUBMITTED, AssignmentState.EXTRA]),
            ~IS_LEARNING,
        )
        .group_by(Assignment.project_id)
    )
    return dict(rows.all())


def median_seconds(session: Session, project_id: int, reviewer_id: int) -> float | None:
    """Median active time of a reviewer's last reviews in a project, at most `LAST`; None before the first."""
    last = session.scalars(
        sa.select(Assignment.active_seconds)
        .where(
            Assignment.project_id == project_id,
            Assignment.reviewer_id == reviewer_id,
            Assignment.submitted_at.is_not(None),
            ~IS_LEARNING,
        )
        .order_by(Assignment.submitted_at.desc())
        .limit(LAST)
    ).all()
    return median(last) if last else None
