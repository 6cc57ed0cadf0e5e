"""Keep a task from being handed out, and hand it out again. The task and its partner are locked by the caller."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import locked
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, Task
from evalhub.review.service.pairs import end_reservations
from evalhub.review.service.release import Freed, end_leases


def hold_task(session: Session, task: Task, partner: Task | None, freed: Freed, *, reason: str) -> int:
    """Hold the task and end who is or would be at it; drafts stay. The slots are still to be released.

    Returns:
        How many leases ended.
    """
    task.held, task.held_reason, task.is_open = True, reason, False
    session.flush()
    in_work = session.scalars(
        locked(
            sa.select(Assignment)
            .where(
                Assignment.project_id == task.project_id,
                Assignment.task_id == task.id,
                Assignment.state.in_(IN_WORK),
            )
            .order_by(Assignment.reviewer_id)
        ).execution_options(populate_existing=True)
    ).all()
    at_it = [row.reviewer_id for row in in_work if row.state is AssignmentState.LEASED]
    freed.add(task, end_leases(session, task, list(in_work), AssignmentState.EXPIRED))
    freed.add(partner, end_reservations(session, partner, at_it))
    return len(at_it)


def let_go(session: Session, task: Task, freed: Freed) -> None:
    """End the hold; what is free of the task is still to be released, to the end of its queue.

    A task without a free slot is among the freed all the same, so that its completion is told of.
    """
    bits, task.free_slots = task.free_slots, 0
    task.held, task.held_reason, task.is_open = False, None, False
    session.flush()
    freed[task.id] = (task, bits)
