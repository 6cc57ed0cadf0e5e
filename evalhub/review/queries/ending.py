"""What it would mean to end somebody's part in a project, or the work on the project."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import COUNTED_PURPOSES, IN_WORK, Assignment, AssignmentState, Draft, Task
from evalhub.review.queries.stuck import n_stuck


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of a member's work when they leave."""

    leases: int
    """Items that they are at, and that go to others."""
    drafts: int
    reviews: int
    """Reviews that stay and count on."""
    stuck_now: int
    """Items that cannot get all their reviewers as it is."""
    stuck_after: int

    @property
    def newly_stuck(self) -> int:
        return max(self.stuck_after - self.stuck_now, 0)


def leaving_of(session: Session, project_id: int, account_id: int) -> Leaving:
    own = (Assignment.project_id == project_id, Assignment.reviewer_id == account_id)
    drafts = sa.select(sa.func.count()).where(Draft.project_id == project_id, Draft.reviewer_id == account_id)
    is_counted = sa.exists().where(
        Task.project_id == project_id, Task.id == Assignment.task_id, Task.purpose.in_(COUNTED_PURPOSES)
    )
    return Leaving(
        leases=_count(session, *own, Assignment.state.in_(IN_WORK)),
        drafts=session.scalar(drafts) or 0,
        reviews=_count(session, *own, Assignment.state == AssignmentState.SUBMITTED, is_counted),
        stuck_now=n_stuck(session, project_id),
        stuck_after=n_stuck(session, project_id, without=account_id),
    )


def n_in_work(session: Session, project_id: int) -> int:
    """How many items somebody is at."""
    return _count(session, Assignment.project_id == project_id, Assignment.state == AssignmentState.LEASED)


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Assignment).where(*conditions)) or 0
