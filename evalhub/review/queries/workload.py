"""What waits for one reviewer, and what they have begun; nothing in it depends on others' answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import EPOCH
from evalhub.review.models import (
    LEARNING,
    Assignment,
    AssignmentState,
    Draft,
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
LAST = 100
"""How many of the last reviews a median rests on at most."""

IS_LEARNING = sa.exists().where(
    Task.project_id == Assignment.project_id, Task.id == Assignment.task_id, Task.purpose.in_(LEARNING)
)
"""Of an `Assignment` in the statement: practice or qualification, which is none of the project's work."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Items of a project that a reviewer may claim; at least so many where the count is not exact.

    `reviews` counts the reviews that these items still want, `sharers` those who may claim from the same queues, the
    reviewer among them.
    """

    items: int
    reviews: int
    sharers: int
    is_exact: bool

    def a_day(self, due_on: date, today: date) -> int | None:
        """How many reviews a day, today and the due day among them, are this reviewer's part of what is left.

        None when the day is past.
        """
        days = (due_on - today).days + 1
        if days < 1:
            return None
        share = min(self.items, -(-self.reviews // max(self.sharers, 1)))
        return -(-share // days)


NOTHING = Waiting(0, 0, 0, is_exact=True)


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

    @property
    def urgency(self) -> tuple[bool, bool, float]:
        """Sorts what is held first, then what was sent back, then what was touched last."""
        return (self.held_until is None, self.returned_because is None, -(self.seen_at or EPOCH).timestamp())

    @property
    def alias(self) -> str:
        return item_alias(self.assignment)


def waiting_for(session: Session, project_id: int, reviewer_id: int) -> Waiting:
    """What a reviewer may claim in a project: read as a claim reads it, from the cursors on; two statements."""
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
    free = session.scalars(
        sa.select(Task.free_slots)
        .select_from(queues)
        .join(Task, sa.and_(Task.project_id == project_id, Task.queue_id == queues.c.id))
        .where(Task.is_open, Task.ord > queues.c.cursor_ord, ~had)
        .limit(MOST_COUNTED + 1)
    ).all()
    if not free:
        return NOTHING
    sharers = session.scalar(
        sa.select(sa.func.count(sa.distinct(QueueReviewer.reviewer_id))).where(
            QueueReviewer.queue_id.in_(sa.select(queues.c.id))
        )
    )
    counted = free[:MOST_COUNTED]
    reviews = sum(slots.bit_count() for slots in counted)
    return Waiting(len(counted), reviews, sharers or 0, is_exact=len(free) == len(counted))


def begun_by(session: Session, project_ids: Collection[int], reviewer_id: int) -> list[Begun]:
    """What a reviewer holds or has written in some projects, the most urgent first; two statements."""
    of_mine = (Assignment.project_id.in_(project_ids), Assignment.reviewer_id == reviewer_id)
    same = sa.and_(
        Draft.project_id == Assignment.project_id,
        Draft.task_id == Assignment.task_id,
        Draft.reviewer_id == Assignment.reviewer_id,
    )
    held = session.execute(
        sa.select(Assignment, Draft.updated_at, sa.null())
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
        sa.select(Assignment, Draft.updated_at, ReturnedReview.reason)
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
        )
        for row, saved_at, reason in (*held, *written)
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
