"""Ask one reviewer more than was planned, and stop waiting where nobody can come.

The review takes a slot beyond the plan. So it enters the consensus of its task but no figure of the project: a rating
asked for because two differed would move agreement by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.audit.service import record
from evalhub.db import locked, now
from evalhub.projects.models import Project
from evalhub.review.models import Task
from evalhub.review.queries.one_more import may_be_claimed, may_get_one_more
from evalhub.review.service.completion import tell_when_complete
from evalhub.review.service.release import release

AT_ONCE = 200


def ask_one_more(session: Session, task: Task, *, actor: str = "") -> bool:
    """Give the locked, complete task a slot beyond the plan: to its oldest extra review, else to the queue.

    Args:
        actor: public id of the adjudicator who asks; empty where the rule of the project does.

    Returns:
        Whether somebody is asked: not a second time, and not where nobody is left who could come.
    """
    this = (Task.project_id == task.project_id, Task.id == task.id)
    if not session.scalar(sa.select(may_get_one_more()).where(*this)):
        return False
    bit = 1 << task.slots
    task.slots += 1
    session.flush()
    _record(session, task, "task.one_more_asked", actor)
    release(session, {task.id: (task, bit)})
    return True


def stop_waiting(session: Session, *, limit: int = AT_ONCE) -> int:
    """Take back slots beyond the plan that nobody may claim any more, and tell that their tasks are complete.

    Candidates are read without a lock, their tasks locked in order of id, skipping those that others hold.

    Returns:
        How many slots were taken back.
    """
    only_beyond = Task.free_slots == sa.cast(1, sa.BigInteger).op("<<")(Task.need)
    hopeless = sa.and_(Task.slots > Task.need, only_beyond, Task.is_open, ~may_be_claimed())
    place = sa.tuple_(Task.project_id, Task.id)
    found = session.execute(sa.select(Task.project_id, Task.id).where(hopeless).limit(limit)).all()
    by_id = sa.select(Task).where(place.in_(found), hopeless).order_by(Task.project_id, Task.id)
    tasks = session.scalars(locked(by_id, skip=True).execution_options(populate_existing=True)).all() if found else ()
    for task in tasks:
        task.free_slots = 0
        task.slots = task.need
        task.is_open = False
        session.flush()
        _record(session, task, "task.one_more_given_up", "")
        tell_when_complete(session, task)
    return len(tasks)


def _record(session: Session, task: Task, action: str, actor: str) -> None:
    chain = session.scalars(sa.select(Project.public_id).where(Project.id == task.project_id)).one()
    record(session, action=action, subject=("task", task.public_id), actor=actor, at=now(session), chain=chain)
