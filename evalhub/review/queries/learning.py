"""Where somebody is in their practice or qualification, as the review page tells it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import LEARNING, Assignment, AssignmentState, Purpose, Task
from evalhub.review.queries.assignments import Desk

PAST = (AssignmentState.SUBMITTED, AssignmentState.EXTRA, AssignmentState.SKIPPED)
WORDS = {Purpose.PRACTICE: "Practice", Purpose.QUALIFICATION: "Qualification"}


@dataclass(frozen=True, slots=True)
class LearningPlace:
    """The n-th item of so many; without a number once the item is graded or passed on."""

    word: str
    number: int | None
    total: int


def learning_place(session: Session, desk: Desk) -> LearningPlace | None:
    """None of work of the project, gold among it, of which nothing is asked."""
    if desk.task.purpose not in LEARNING:
        return None
    own = sa.and_(
        Assignment.project_id == Task.project_id,
        Assignment.task_id == Task.id,
        Assignment.reviewer_id == desk.assignment.reviewer_id,
        Assignment.state.in_(PAST),
    )
    total, past = session.execute(
        sa.select(sa.func.count(), sa.func.count(Assignment.task_id))
        .select_from(Task)
        .outerjoin(Assignment, own)
        .where(Task.project_id == desk.project.id, Task.batch_id == desk.batch.id)
    ).one()
    number = None if desk.assignment.state in PAST else past + 1
    return LearningPlace(WORDS[desk.task.purpose], number, total)
