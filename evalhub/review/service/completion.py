"""Tell the later stages when every slot of a task holds a review."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, Task


def tell_when_complete(session: Session, task: Task) -> None:
    """Send `task_completed` of a locked task, unless a slot is free, leased or reserved.

    Past ratings make a task complete as they come, so of one that has them each further review is told.
    """
    of_task = (Assignment.project_id == task.project_id, Assignment.task_id == task.id)
    telling = (*IN_WORK, AssignmentState.IMPORTED)
    states = set(session.scalars(sa.select(Assignment.state).where(*of_task, Assignment.state.in_(telling))))
    if AssignmentState.IMPORTED in states or not (task.free_slots or states):
        events.task_completed.send(session, project_id=task.project_id, task_id=task.id)
