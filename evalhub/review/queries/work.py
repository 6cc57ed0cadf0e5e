"""When a reviewer worked: the present session, and hours by project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.schema import Goal
from evalhub.projects.models import Member
from evalhub.review.models import Assignment, Review
from evalhub.review.queries.workload import IS_LEARNING

PAUSE = timedelta(hours=3)
"""A session ends when so long nothing is submitted."""
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Stored:
    """One submission: the first of a review, or a revision; `seconds` is the active time since the one before."""

    at: datetime
    project_id: int
    assignment: str
    is_first: bool
    seconds: float
    is_training: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """Reviews submitted for the first time in a period, and the active time of all that was submitted in it."""

    reviews: int
    seconds: float


@dataclass(frozen=True, slots=True)
class HoursByProject:
    """Of all projects in which a reviewer submitted anything, by id; `training` is what they practised or qualified
    with, which is none of the work."""

    live: Mapping[int, Hours]
    training: Mapping[int, Hours]


@dataclass(frozen=True, slots=True)
class WorkSession:
    """What was submitted since the last pause, the oldest first; empty while nothing was.

    Practice and qualification are among it and counted by themselves: they are none of the projects' work.
    """

    stored: tuple[Stored, ...]

    @property
    def since(self) -> datetime | None:
        return self.stored[0].at if self.stored else None

    @property
    def live(self) -> Hours:
        return _hours(one for one in self.stored if not one.is_training)

    @property
    def training(self) -> Hours:
        return _hours(one for one in self.stored if one.is_training)

    @property
    def median_seconds(self) -> float | None:
        """Median active time of an item of work, its revisions included; None without an item."""
        by_item = defaultdict[str, float](float)
        for one in self.stored:
            if not one.is_training:
                by_item[one.assignment] += one.seconds
        return median(by_item.values()) if by_item else None

    def done(self, goal: Goal) -> int:
        """How far the goal is met, in its own unit, whole minutes."""
        return self.live.reviews if goal.kind == "items" else int(self.live.seconds // 60)

    def was_met_by(self, assignment: str, goal: Goal) -> bool:
        """Whether the last submission is of this assignment and was the one that met the goal."""
        if not self.stored or self.stored[-1].assignment != assignment:
            return False
        before = WorkSession(self.stored[:-1])
        return before.done(goal) < goal.amount <= self.done(goal)


def work_session(session: Session, reviewer_id: int, *, at: datetime) -> WorkSession:
    """The submissions of a reviewer in all projects since the last pause of `PAUSE`, at most `LONGEST` back."""
    stored = [
        Stored(submitted_at, project_id, assignment, revision == 1, seconds, is_training)
        for submitted_at, project_id, assignment, revision, seconds, is_training in session.execute(
            _submissions(reviewer_id, at - LONGEST)
        )
    ]
    if not stored or at - stored[-1].at > PAUSE:
        return WorkSession(())
    starts = [i + 1 for i, (one, following) in enumerate(pairwise(stored)) if following.at - one.at > PAUSE]
    return WorkSession(tuple(stored[starts[-1] :] if starts else stored))


def hours_since(session: Session, reviewer_id: int, since: datetime) -> HoursByProject:
    one = _submissions(reviewer_id, since).order_by(None).subquery()
    rows = session.execute(
        sa.select(
            one.c.project_id,
            one.c.is_training,
            sa.func.sum(sa.case((one.c.revision == 1, 1), else_=0)),
            sa.func.sum(one.c.seconds),
        ).group_by(one.c.project_id, one.c.is_training)
    )
    by_kind = defaultdict[bool, dict[int, Hours]](dict)
    for project_id, is_training, reviews, seconds in rows:
        by_kind[is_training][project_id] = Hours(int(reviews), float(seconds))
    return HoursByProject(live=by_kind[False], training=by_kind[True])


def _hours(stored: Iterable[Stored]) -> Hours:
    """Items graded for the first time; a revision takes time but is no item more."""
    listed = list(stored)
    return Hours(sum(one.is_first for one in listed), sum(one.seconds for one in listed))


def _submissions(reviewer_id: int, since: datetime) -> sa.Select[datetime, int, str, int, float, bool]:
    """By the reviewer's assignments, whose last submission is never older than an earlier one.

    They are read before anything else, for their index knows the time; SQLite would rather read all reviews.
    """
    mine = (
        sa.select(
            Assignment.project_id,
            Assignment.task_id,
            Assignment.reviewer_id,
            Assignment.public_id,
            IS_LEARNING.label("is_training"),
        )
        .where(
            Assignment.project_id.in_(sa.select(Member.project_id).where(Member.account_id == reviewer_id)),
            Assignment.reviewer_id == reviewer_id,
            Assignment.submitted_at >= since,
        )
        .cte("mine")
        .prefix_with("MATERIALIZED")
    )
    earlier = aliased(Review)
    seconds = sa.func.coalesce(Review.active_seconds, 0.0) - sa.func.coalesce(earlier.active_seconds, 0.0)
    return (
        sa.select(
            Review.submitted_at,
            Review.project_id,
            mine.c.public_id,
            Review.revision,
            seconds.label("seconds"),
            mine.c.is_training,
        )
        .select_from(mine)
        .join(
            Review,
            sa.and_(
                Review.project_id == mine.c.project_id,
                Review.task_id == mine.c.task_id,
                Review.reviewer_id == mine.c.reviewer_id,
            ),
        )
        .outerjoin(
            earlier,
            sa.and_(
                earlier.project_id == Review.project_id,
                earlier.task_id == Review.task_id,
                earlier.reviewer_id == Review.reviewer_id,
                earlier.revision == Review.revision - 1,
            ),
        )
        .where(Review.submitted_at >= since)
        .order_by(Review.submitted_at, Review.revision)
    )
