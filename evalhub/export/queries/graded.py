"""What some tasks came to: outcomes, states, and when they last changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState, Correction, Decision
from evalhub.adjudication.queries import settled
from evalhub.adjudication.schema import Outcome
from evalhub.calibration.queries import is_complete
from evalhub.export.schema.options import ItemState
from evalhub.review.models import Assignment, AssignmentState, Review, Task

GRADED = (AssignmentState.SUBMITTED, AssignmentState.EXTRA, AssignmentState.IMPORTED, AssignmentState.MODEL)
FINALIZING = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)


@dataclass(frozen=True, slots=True)
class Graded:
    """By task id; a task without a counted rating has no outcome."""

    outcomes: dict[int, dict[int, Outcome]]
    states: dict[int, ItemState]
    complete: set[int]
    settled_at: dict[int, datetime]
    """When the last review, decision or correction that the task rests on was stored."""
    changed_at: dict[int, datetime]
    """When anything about the task was last stored, extra reviews and new cases among it."""


def graded(session: Session, project_id: int, task_ids: Sequence[int]) -> Graded:
    """Read it all for some tasks: ten statements, however many tasks."""
    outcomes = settled(session, project_id, task_ids)
    on_these = (Task.project_id == project_id, Task.id.in_(task_ids))
    complete = set(session.scalars(sa.select(Task.id).where(*on_these, is_complete())))
    waiting = set(
        session.scalars(
            sa.select(Case.task_id).where(
                Case.project_id == project_id, Case.task_id.in_(task_ids), Case.state == CaseState.OPEN
            )
        )
    )
    states = {task: _state(task in complete, task in waiting, outcomes.get(task, {})) for task in task_ids}
    settled_at, changed = _moments(session, project_id, task_ids)
    return Graded(outcomes, states, complete, settled_at, changed)


def _state(is_complete: bool, has_open_case: bool, outcomes: dict[int, Outcome]) -> ItemState:
    if not is_complete or not outcomes:
        return ItemState.INCOMPLETE
    if has_open_case or any(outcome.state == "pending" for outcome in outcomes.values()):
        return ItemState.ADJUDICATION_PENDING
    return ItemState.FINAL


def _moments(
    session: Session, project_id: int, task_ids: Sequence[int]
) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """When each task was last settled by something, and when anything about it changed."""
    finalized: dict[int, datetime] = {}
    changed: dict[int, datetime] = {}
    sources: list[tuple[Any, Any, list[Any], bool]] = [
        (Assignment, Assignment.submitted_at, [Assignment.state.in_(FINALIZING)], True),
        (Assignment, Assignment.submitted_at, [Assignment.state.in_(GRADED)], False),
        (Review, Review.voided_at, [], True),
        (Decision, Decision.decided_at, [], True),
        (Case, Case.closed_at, [Case.state != CaseState.OPEN], True),
        (Case, Case.opened_at, [], False),
        (Correction, Correction.settled_at, [], True),
    ]
    for table, column, conditions, settles in sources:
        rows = session.execute(
            sa.select(table.task_id, sa.func.max(column, type_=column.type))
            .where(table.project_id == project_id, table.task_id.in_(task_ids), column.is_not(None), *conditions)
            .group_by(table.task_id)
        )
        for task_id, moment in rows:
            changed[task_id] = max(moment, changed.get(task_id, moment))
            if settles:
                finalized[task_id] = max(moment, finalized.get(task_id, moment))
    return finalized, changed
