"""What somebody may not see yet, because they may still answer it themselves."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.projects.models import Batch, BatchState, Project, ProjectState
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, QueueReviewer, Task, same_item

HELD = (*IN_WORK, AssignmentState.EXPIRED)
"""A review of a lapsed lease is taken too, at least as an extra one."""
GIVEN = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)


def hidden_tasks(session: Session, project_id: int, account_id: int, tasks: Collection[str]) -> frozenset[str]:
    """Those of some tasks (public ids) whose answers the account must not see, whatever their role."""
    found = session.scalars(
        sa.select(Task.public_id).where(
            Task.project_id == project_id, Task.public_id.in_(tasks), may_still_answer(account_id)
        )
    )
    return frozenset(found)


def may_still_answer(account_id: int) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the account is still to answer its item, or may answer it anew.

    They hold the item, may still reopen their review of it, or may still be given it: in this task or in another of the
    project, as in a calibration round. A task that is full may be given to one reviewer more until it is settled: its
    adjudicator may ask one, or a lease may lapse.
    """
    other, own = aliased(Task), aliased(Assignment)
    mine = sa.and_(own.project_id == other.project_id, own.task_id == other.id, own.reviewer_id == account_id)
    of_other = sa.select(own.task_id).where(mine)
    is_eligible = sa.exists().where(
        QueueReviewer.project_id == other.project_id,
        QueueReviewer.queue_id == other.queue_id,
        QueueReviewer.reviewer_id == account_id,
    )
    may_answer = sa.or_(
        of_other.where(own.state.in_(HELD)).exists(),
        of_other.where(own.state.in_(GIVEN), own.others_shown_at.is_(None), _is_unsettled(other)).exists(),
        sa.and_(sa.or_(other.is_open, _is_unsettled(other)), is_eligible, ~of_other.exists()),
    )
    return sa.exists(other.id).where(same_item(other, Task), may_answer).correlate_except(other)


def _is_unsettled(task: type[Task]) -> sa.ColumnElement[bool]:
    """Neither decided nor closed, so that its reviews can be reopened, and one more asked for."""
    is_closed = sa.or_(
        sa.exists().where(Batch.id == task.batch_id, Batch.state == BatchState.CLOSED),
        sa.exists().where(Project.id == task.project_id, Project.state == ProjectState.CLOSED),
    )
    return sa.and_(task.settled_at.is_(None), ~is_closed)
