"""Tasks that wait for one reviewer more than was planned."""

from __future__ import annotations

import sqlalchemy as sa

from evalhub.accounts.models import Account
from evalhub.projects.models import Member, MemberState
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, Queue, QueueReviewer, QueueState, Task


def may_be_claimed() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: its queue is open to somebody who has not had it, or let it lapse.

    Simulated reviewers come when a program makes them, and are not waited for.
    """
    has_had_it = (
        sa.exists()
        .where(
            Assignment.project_id == Task.project_id,
            Assignment.task_id == Task.id,
            Assignment.reviewer_id == QueueReviewer.reviewer_id,
            Assignment.state != AssignmentState.EXPIRED,
        )
        .correlate(Task, QueueReviewer)
    )
    return (
        sa.exists(QueueReviewer.reviewer_id)
        .where(
            QueueReviewer.project_id == Task.project_id,
            QueueReviewer.queue_id == Task.queue_id,
            Queue.id == QueueReviewer.queue_id,
            Queue.state == QueueState.OPEN,
            Member.project_id == QueueReviewer.project_id,
            Member.account_id == QueueReviewer.reviewer_id,
            Member.state == MemberState.ACTIVE,
            Member.is_reviewer,
            ~Member.is_simulated,
            Account.id == QueueReviewer.reviewer_id,
            Account.disabled_at.is_(None),
            ~has_had_it,
        )
        .correlate(Task)
    )


def may_get_one_more() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: no more than the plan was asked yet, and an extra review or somebody is there."""
    extra = (
        sa.exists()
        .where(
            Assignment.project_id == Task.project_id,
            Assignment.task_id == Task.id,
            Assignment.state == AssignmentState.EXTRA,
        )
        .correlate(Task)
    )
    return sa.and_(Task.slots == Task.need, ~Task.held, sa.or_(extra, may_be_claimed()))


def waits_for_one_more() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: it has a slot beyond the plan, and not every slot holds a review yet."""
    in_work = (
        sa.exists()
        .where(
            Assignment.project_id == Task.project_id,
            Assignment.task_id == Task.id,
            Assignment.state.in_(IN_WORK),
        )
        .correlate(Task)
    )
    return sa.and_(Task.slots > Task.need, sa.or_(Task.free_slots != 0, in_work))
