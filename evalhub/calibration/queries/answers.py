"""What reviewers answered on some tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.queries.people import Columns, of_people
from evalhub.calibration.schema.consensus import Answer
from evalhub.review.models import Rating


class GivenAnswer(NamedTuple):
    """One rating that counts."""

    task_id: int
    criterion_id: int
    reviewer_id: int
    answer: Answer


def answers_of_tasks(session: Session, project_id: int, task_ids: Sequence[int]) -> list[GivenAnswer]:
    """The counted answers of some tasks, ordered by task, criterion and reviewer."""
    columns: Columns = sa.select(Rating.task_id, Rating.criterion_id, Rating.reviewer_id, Rating.level, Rating.value)
    rows = session.execute(
        of_people(columns, project_id)
        .where(Rating.task_id.in_(task_ids))
        .order_by(Rating.task_id, Rating.criterion_id, Rating.reviewer_id)
    )
    return [GivenAnswer(row[0], row[1], row[2], Answer(row[3], row[4])) for row in rows]
