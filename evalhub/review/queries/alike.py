"""The tasks of a project by how far they have come, read from their free slots and the few leases."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import COUNTED_PURPOSES, IN_WORK, REPLACED, Assignment, AssignmentState, Purpose, Task, is_in


class TasksAlike(NamedTuple):
    """Tasks that have come equally far."""

    purpose: Purpose
    held: bool
    need: int
    slots: int
    free_slots: int
    in_work: int
    has_past_ratings: bool
    """Looked up only where some slots are taken and others not."""
    n: int

    @property
    def taken(self) -> int:
        return self.slots - self.free_slots.bit_count()

    @property
    def is_complete(self) -> bool:
        """As `calibration.queries.is_complete` says it."""
        return bool(self.has_past_ratings) or (not self.free_slots and not self.in_work)

    @property
    def waits_for_one_more(self) -> bool:
        return self.slots > self.need and bool(self.free_slots or self.in_work)


def tasks_alike(session: Session, project_id: int) -> list[TasksAlike]:
    """The live and regrade tasks of a project but those that were replaced, in a few groups; no review is counted."""
    in_work = _in_work_by_task(project_id)
    n_in_work = sa.func.coalesce(in_work.c.n, 0)
    every_slot = sa.cast(1, sa.BigInteger).op("<<")(Task.slots) - 1
    has_past_ratings = sa.case(
        (sa.and_(Task.free_slots == 0, n_in_work == 0), sa.false()),
        (Task.free_slots == every_slot, sa.false()),
        else_=sa.exists().where(
            Assignment.project_id == Task.project_id,
            Assignment.task_id == Task.id,
            Assignment.state == AssignmentState.IMPORTED,
        ),
    )
    tasks = (
        sa.select(
            Task.purpose,
            Task.held,
            Task.need,
            Task.slots,
            Task.free_slots,
            n_in_work.label("in_work"),
            has_past_ratings.label("has_past_ratings"),
        )
        .outerjoin(in_work, in_work.c.task_id == Task.id)
        .where(
            Task.project_id == project_id,
            Task.purpose.in_(COUNTED_PURPOSES),
            sa.func.coalesce(Task.held_reason, "") != REPLACED,
        )
        .subquery("tasks")
    )
    alike: sa.Select[Any] = sa.select(*tasks.c, sa.func.count()).group_by(*tasks.c)
    return [TasksAlike(*row) for row in session.execute(alike)]


def _in_work_by_task(project_id: int) -> sa.Subquery:
    """How many people are at each task that somebody is at; the indexes of each state serve it."""
    taken = sa.union_all(
        *(sa.select(Assignment.task_id).where(Assignment.project_id == project_id, is_in(state)) for state in IN_WORK)
    ).subquery("taken")
    return sa.select(taken.c.task_id, sa.func.count().label("n")).group_by(taken.c.task_id).subquery("in_work")
