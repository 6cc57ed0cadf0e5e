"""The other answer of a pair, as its reviewer has it, and what they prefer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

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


class StandingPreference(NamedTuple):
    """What a reviewer last said about a pair, by its two tasks; `is_planned` tells that both reviews count."""

    reviewer_id: int
    first_task_id: int
    second_task_id: int
    left_task_id: int
    preferred_task_id: int | None
    strength: int
    reason: str
    revision: int
    submitted_at: datetime
    pair_id: str | None
    group: str
    first_item: str
    second_item: str
    first_model: str | None
    second_model: str | None
    is_planned: bool


def standing_preferences(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    """The columns of a `StandingPreference`, of pairs both of whose reviews stand and neither item is withdrawn."""
    later = aliased(Preference)
    is_replaced = sa.exists().where(
        later.project_id == Preference.project_id,
        later.first_task_id == Preference.first_task_id,
        later.reviewer_id == Preference.reviewer_id,
        later.revision > Preference.revision,
    )
    one, other = _Side(Preference.first_task_id), _Side(Preference.second_task_id)
    said = (
        Preference.reviewer_id,
        Preference.first_task_id,
        Preference.second_task_id,
        Preference.left_task_id,
        Preference.preferred_task_id,
        Preference.strength,
        Preference.reason,
        Preference.revision,
        Preference.submitted_at,
    )
    about = (
        one.item.pair_id,
        one.item.group_key,
        one.item.external_id.label("first_item"),
        other.item.external_id.label("second_item"),
        one.item.model,
        other.item.model,
        sa.and_(one.is_planned, other.is_planned),
    )
    return (
        sa.select(*said, *about)
        .join(one.task, one.of_task)
        .join(one.item, one.of_item)
        .join(one.assignment, one.of_assignment)
        .join(other.task, other.of_task)
        .join(other.item, other.of_item)
        .join(other.assignment, other.of_assignment)
        .where(Preference.project_id == project_id, ~is_replaced, one.stands, other.stands)
    )


class _Side:
    """One of the two tasks of a preference, with its item and the reviewer's assignment."""

    def __init__(self, task_id: sa.ColumnElement[int] | Any) -> None:
        self.task, self.item, self.assignment = aliased(Task), aliased(Item), aliased(Assignment)
        self.of_task = sa.and_(self.task.project_id == Preference.project_id, self.task.id == task_id)
        self.of_item = sa.and_(self.item.dataset_id == self.task.dataset_id, self.item.id == self.task.item_id)
        self.of_assignment = sa.and_(
            self.assignment.project_id == Preference.project_id,
            self.assignment.task_id == task_id,
            self.assignment.reviewer_id == Preference.reviewer_id,
        )
        state = self.assignment.state
        self.stands = sa.and_(state.in_(GRADED), self.item.withdrawn_at.is_(None))
        self.is_planned = sa.and_(state == AssignmentState.SUBMITTED, self.assignment.slot < self.task.need)
