"""Items that nobody is left for: they wait for more reviews than there are people who may still give one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import COUNTED_PURPOSES, IN_WORK, Assignment, AssignmentState, QueueReviewer, Task


def cannot_reach_overlap(project_id: int, *, without: int | None = None) -> sa.Select[int]:
    """The ids of a project's tasks with more free slots than eligible reviewers who have not had them.

    A lease that lapsed may be taken up again, so it does not count as having had the item. Every number is counted once
    a task or once a queue, never a task times a reviewer, because there are many of both.

    Args:
        without: an account that is leaving: it may claim nothing any more, and what it holds is free again.
    """
    of_project = (Assignment.project_id == project_id, Assignment.task_id == Task.id)
    stays = QueueReviewer.reviewer_id != without if without is not None else sa.true()
    eligible = (
        sa.select(QueueReviewer.queue_id, sa.func.count().label("n"))
        .where(QueueReviewer.project_id == project_id, stays)
        .group_by(QueueReviewer.queue_id)
        .subquery("eligible")
    )
    leaves = sa.and_(Assignment.reviewer_id == without, Assignment.state.in_(IN_WORK)) if without else sa.false()
    taken = _counted(*of_project, Assignment.slot.is_not(None), ~leaves)
    had = _counted(
        *of_project,
        Assignment.state != AssignmentState.EXPIRED,
        QueueReviewer.project_id == project_id,
        QueueReviewer.queue_id == Task.queue_id,
        QueueReviewer.reviewer_id == Assignment.reviewer_id,
        stays,
    )
    may_be_free = sa.or_(Task.is_open, _holds(project_id, without)) if without is not None else Task.is_open
    found = sa.select(Task.id).outerjoin(eligible, eligible.c.queue_id == Task.queue_id)
    return found.where(
        Task.project_id == project_id,
        Task.purpose.in_(COUNTED_PURPOSES),
        ~Task.held,
        may_be_free,
        Task.slots - taken > sa.func.coalesce(eligible.c.n, 0) - had,
    )


def n_stuck(session: Session, project_id: int, *, without: int | None = None) -> int:
    """How many items of a project can no longer get all their reviewers, or not all of a regrade."""
    items = cannot_reach_overlap(project_id, without=without).with_only_columns(Task.item_id).distinct().subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(items)) or 0


def _counted(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(*conditions).correlate(Task).scalar_subquery()


def _holds(project_id: int, account_id: int) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the account is at it."""
    return (
        sa.exists(Assignment.task_id)
        .where(
            Assignment.project_id == project_id,
            Assignment.task_id == Task.id,
            Assignment.reviewer_id == account_id,
            Assignment.state.in_(IN_WORK),
        )
        .correlate(Task)
    )
