"""Which cases there are, and who may see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.adjudication.models import Case, DecisionException, ExceptionKind
from evalhub.datasets.models import Item
from evalhub.errors import NotFound
from evalhub.review.models import (
    COUNTED_PURPOSES,
    IN_WORK,
    REPLACED,
    Assignment,
    AssignmentState,
    QueueReviewer,
    Task,
    same_item,
)

GRADED = (
    AssignmentState.SUBMITTED,
    AssignmentState.EXTRA,
    AssignmentState.VOIDED,
    AssignmentState.IMPORTED,
    AssignmentState.MODEL,
)
DECIDES = (AssignmentState.EXCLUDED, AssignmentState.SKIPPED)
"""States of one's own row in which a task can never be claimed and was not graded."""


@dataclass(frozen=True, slots=True)
class CasePlace:
    project_id: int
    task_id: int


class Standing(StrEnum):
    """How an account stands to a case."""

    TAKEN = "taken"
    """Excluded from the task, or let in by a recorded exception: may see and decide."""
    FREE = "free"
    """Neither graded the item nor may claim it."""
    BLIND = "blind"
    """Graded the item, holds it or may still claim it: the case does not exist for them."""


def case_of(session: Session, public_id: str) -> CasePlace:
    """Where the case of that id is.

    Raises:
        NotFound: there is none.
    """
    row = session.execute(sa.select(Case.project_id, Case.task_id).where(Case.public_id == public_id)).one_or_none()
    if row is None:
        raise NotFound
    return CasePlace(*row)


def graded_item(session: Session, project_id: int, task_id: int, account_id: int) -> bool:
    """Whether the account ever graded the task's item in the project, voided reviews included."""
    this = session.execute(
        sa.select(Task.dataset_id, Task.item_id).where(Task.project_id == project_id, Task.id == task_id)
    ).one()
    found = session.scalar(
        sa.select(sa.func.count())
        .select_from(Assignment)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Assignment.project_id == project_id,
            Assignment.reviewer_id == account_id,
            Assignment.state.in_(GRADED),
            Task.dataset_id == this.dataset_id,
            Task.item_id == this.item_id,
        )
    )
    return bool(found)


def standing(session: Session, place: CasePlace, account_id: int) -> Standing:
    """How an account stands to a case."""
    own = session.scalar(
        sa.select(Assignment.state).where(
            Assignment.project_id == place.project_id,
            Assignment.task_id == place.task_id,
            Assignment.reviewer_id == account_id,
        )
    )
    blind = session.scalar(
        sa.select(is_blind(account_id))
        .select_from(Task)
        .where(Task.project_id == place.project_id, Task.id == place.task_id)
    )
    if blind:
        return Standing.BLIND
    let_in = session.get(DecisionException, (place.project_id, place.task_id, ExceptionKind.MANAGER, account_id))
    return Standing.TAKEN if own in DECIDES or let_in is not None else Standing.FREE


def has_of_item(
    account: int | sa.SQLColumnExpression[int], condition: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the account has an assignment like this on its item, on this task or another.

    The tasks of the item are looked up first: they are few, what one account has graded may be much.
    """
    other = aliased(Task)
    theirs = sa.exists(Assignment.task_id).where(
        Assignment.project_id == other.project_id,
        Assignment.task_id == other.id,
        Assignment.reviewer_id == account,
        condition,
    )
    return (
        sa.exists(other.id)
        .where(
            same_item(other, Task),
            theirs.correlate_except(Assignment),
        )
        .correlate_except(other)
    )


def is_blind(account_id: int) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the account graded its item, holds it, or may still claim it.

    Claim it in any task, as in a regrade; or what took the item's place, for one tells what the other is worth. A
    manager's recorded exception lifts it.
    """
    graded_or_held = has_of_item(account_id, Assignment.state.in_([*GRADED, *IN_WORK]))
    may_see = (
        sa.select(DecisionException.task_id)
        .where(
            DecisionException.project_id == Task.project_id,
            DecisionException.task_id == Task.id,
            DecisionException.kind == ExceptionKind.MANAGER,
            DecisionException.granted_by_id == account_id,
        )
        .exists()
    )
    may_claim = sa.or_(
        _may_claim(account_id, lambda other: sa.and_(same_item(other, Task), _counts(other))),
        sa.and_(Task.held, Task.held_reason == REPLACED, _may_claim(account_id, asks_for_revision)),
    )
    return sa.and_(sa.or_(graded_or_held, may_claim), ~may_see)


def _counts(other: type[Task]) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the other is it, or counts among what the project came to."""
    return sa.or_(other.id == Task.id, other.purpose.in_(COUNTED_PURPOSES))


def _may_claim(account_id: int, of_item: Callable[[type[Task]], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: a task like this is open to the account, which has not had it."""
    other, own = aliased(Task), aliased(Assignment)
    is_out = sa.exists(own.task_id).where(
        own.project_id == other.project_id,
        own.task_id == other.id,
        own.reviewer_id == account_id,
        own.state != AssignmentState.EXPIRED,
    )
    is_eligible = sa.exists(QueueReviewer.queue_id).where(
        QueueReviewer.project_id == other.project_id,
        QueueReviewer.queue_id == other.queue_id,
        QueueReviewer.reviewer_id == account_id,
    )
    return (
        sa.exists(other.id)
        .where(
            of_item(other),
            other.is_open,
            is_eligible.correlate_except(QueueReviewer),
            ~is_out.correlate_except(own),
        )
        .correlate_except(other)
    )


def asks_for_revision(other: type[Task]) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the other asks for its item, in this revision or another."""
    this, that = aliased(Item), aliased(Item)
    revisions = (
        sa.select(that.id)
        .join(this, sa.and_(this.dataset_id == that.dataset_id, this.external_id == that.external_id))
        .where(this.dataset_id == Task.dataset_id, this.id == Task.item_id)
        .correlate(Task)
    )
    return sa.and_(
        other.project_id == Task.project_id, other.dataset_id == Task.dataset_id, other.item_id.in_(revisions)
    )
