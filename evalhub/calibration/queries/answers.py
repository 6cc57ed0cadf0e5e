"""What reviewers answered on some tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.schema.consensus import Answer
from evalhub.review.models import Assignment, AssignmentState, Rating

IN_THE_CONSENSUS = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)
"""A review in a slot, also one beyond the plan, and past ratings; those of models and of latecomers are not in it."""


class GivenAnswer(NamedTuple):
    """One rating that counts for the consensus."""

    task_id: int
    criterion_id: int
    reviewer_id: int
    answer: Answer


def answers_of_tasks(session: Session, project_id: int, task_ids: Sequence[int]) -> list[GivenAnswer]:
    """The answers that the consensus of some tasks rests on, ordered by task, criterion and reviewer.

    One more reviewer's are among them; the figures of the project rest on planned ratings alone (`counted_ratings`).
    """
    rows = session.execute(
        sa.select(Rating.task_id, Rating.criterion_id, Rating.reviewer_id, Rating.level, Rating.value)
        .join(
            Assignment,
            sa.and_(
                Assignment.project_id == Rating.project_id,
                Assignment.task_id == Rating.task_id,
                Assignment.reviewer_id == Rating.reviewer_id,
            ),
        )
        .where(Rating.project_id == project_id, Rating.task_id.in_(task_ids), Assignment.state.in_(IN_THE_CONSENSUS))
        .order_by(Rating.task_id, Rating.criterion_id, Rating.reviewer_id)
    )
    return [GivenAnswer(row[0], row[1], row[2], Answer(row[3], row[4])) for row in rows]
