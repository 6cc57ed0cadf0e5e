"""Tell the later stages when every slot of a task holds a review."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.review.models import IN_WORK, Assignment, Task


def tell_when_complete(session: Session, task: Task) -> None:
    """Send `task_completed` of a locked task, unless a slot is free, leased or reserved."""
    if task.free_slots:
        return
    in_work = sa.exists().where(
        Assignment.project_id == task.project_id,
        Assignment.task_id == task.id,
        Assignment.state.in_(IN_WORK),
    )
    if not session.scalar(sa.select(in_work)):
        events.task_completed.send(session, project_id=task.project_id, task_id=task.id)
