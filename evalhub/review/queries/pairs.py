"""The other answer of a pair, as its reviewer has it, and what they prefer."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.review.models import Assignment, AssignmentState, Preference, Task
from evalhub.review.queries.assignments import Desk
from evalhub.review.schema import left_of

GRADED = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)
BESIDE = (AssignmentState.PAIRED, *GRADED)
"""The other answer is shown while it is still to come, and when it is graded."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The answer beside the one on the desk; a preference is asked for as soon as it is graded."""

    assignment: Assignment
    task: Task
    item: Item
    is_left: bool

    @property
    def is_graded(self) -> bool:
        return self.assignment.state in GRADED


def pair_of(session: Session, desk: Desk) -> Pair | None:
    """The other answer of the pair that its reviewer holds; None where they grade the answer on the desk alone."""
    if desk.task.partner_id is None:
        return None
    row = session.execute(
        sa.select(Assignment, Task, Item, Account.public_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Account, Account.id == Assignment.reviewer_id)
        .where(
            Assignment.project_id == desk.task.project_id,
            Assignment.task_id == desk.task.partner_id,
            Assignment.reviewer_id == desk.assignment.reviewer_id,
            Assignment.state.in_(BESIDE),
        )
    ).one_or_none()
    if row is None:
        return None
    assignment, task, item, reviewer = row
    left = left_of((desk.task.id, task.id), seed=desk.project.seed, reviewer=reviewer)
    return Pair(assignment, task, item, is_left=left == task.id)


def state_of(session: Session, task: Task, reviewer_id: int) -> AssignmentState | None:
    """What became of the reviewer's hold on a task; None where they never had one."""
    return session.scalar(
        sa.select(Assignment.state).where(
            Assignment.project_id == task.project_id,
            Assignment.task_id == task.id,
            Assignment.reviewer_id == reviewer_id,
        )
    )


def current_preference(session: Session, task: Task, reviewer_id: int) -> Preference | None:
    """What the reviewer last said about the pair that a task belongs to."""
    if task.partner_id is None:
        return None
    return session.scalar(
        sa.select(Preference)
        .where(
            Preference.project_id == task.project_id,
            Preference.first_task_id == min(task.id, task.partner_id),
            Preference.reviewer_id == reviewer_id,
        )
        .order_by(Preference.revision.desc())
        .limit(1)
    )
