"""How far a project has come, and the work of each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries.cases import is_blind
from evalhub.calibration.queries import is_complete
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Purpose, Task, same_item
from evalhub.review.queries.progress import NO_WORK, assignments_of, tasks_for

SENT_IN = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)
FIRST_DAY = date(1970, 1, 1)
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Outcome:
    """Items with all their live reviews, by whether anything about them is still open; each counts once."""

    in_adjudication: int
    final: int


@dataclass(frozen=True, slots=True)
class DayOfWork:
    """What one reviewer sent in on one day, in UTC; time at work counts on the day on which its review came in.

    Practice, qualification and gold are among the time, for they are work, but no reviews of the project.
    """

    reviewer: str
    """Public id."""
    day: date
    reviews: int
    seconds_active: float


def outcome(session: Session, project_id: int, scored: int, *, seen_by: int | None = None) -> Outcome:
    """What is open of the `scored` items: of all cases, or of those that an account may see.

    To whoever graded an item its case would tell of the others, so it counts as final for them.
    """
    asked = aliased(Task)
    is_seen = sa.true() if seen_by is None else ~is_blind(seen_by)
    disputed = session.scalar(
        sa.select(sa.func.count(Task.id.distinct()))
        .select_from(Case)
        .join(asked, sa.and_(asked.project_id == Case.project_id, asked.id == Case.task_id))
        .join(Task, same_item(asked, Task))
        .where(
            Case.project_id == project_id,
            Case.state == CaseState.OPEN,
            asked.purpose.in_(COUNTED_PURPOSES),
            Task.purpose == Purpose.LIVE,
            ~Task.held,
            is_complete(),
            is_seen,
        )
    )
    return Outcome(disputed or 0, scored - (disputed or 0))


def work_by_day(session: Session, project_id: int) -> list[DayOfWork]:
    """The reviews that people sent in; imported ones have no day."""
    day = _days_since_1970(session).label("day")
    of_training = Assignment.task_id.in_(tasks_for(project_id, *NO_WORK))
    reviews = sa.func.sum(sa.case((of_training, 0), else_=1))
    work = (
        sa.select(
            Assignment.reviewer_id,
            day,
            reviews.label("reviews"),
            sa.func.sum(Assignment.active_seconds).label("seconds"),
        )
        .where(
            assignments_of(project_id),
            Assignment.state.in_(SENT_IN),
            Assignment.submitted_at.is_not(None),
        )
        .group_by(Assignment.reviewer_id, day)
        .subquery()
    )
    rows = session.execute(
        sa.select(Account.public_id, work.c.day, work.c.reviews, work.c.seconds)
        .join(work, work.c.reviewer_id == Account.id)
        .order_by(work.c.day)
    )
    return [
        DayOfWork(reviewer, FIRST_DAY + timedelta(days=int(day)), int(n), float(seconds))
        for reviewer, day, n, seconds in rows
    ]


def _days_since_1970(session: Session) -> sa.ColumnElement[int]:
    if session.get_bind().dialect.name == "postgresql":
        return sa.cast(sa.func.floor(sa.extract("epoch", Assignment.submitted_at) / DAY), sa.Integer)
    return sa.type_coerce(Assignment.submitted_at, sa.BigInteger) // sa.literal(DAY * 1_000_000)
