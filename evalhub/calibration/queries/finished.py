"""When the work on each task ended, and what of it enters no figure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from evalhub.audit.models import AuditEvent
from evalhub.calibration.queries.counted import CHUNK, CountedTasks
from evalhub.calibration.queries.people import COUNTED_STATES
from evalhub.projects.models import Project
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Task

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNKNOWN = -1


def weeks_finished(session: Session, project_id: int, tasks: CountedTasks) -> NDArray[np.int64]:
    """The ISO week in which the last reviewer of each task finished, as a number that counts weeks; −1 where unknown.

    Past ratings without a time were stored with the moment of their import; they have no week.
    """
    imports = set(
        session.scalars(
            sa.select(AuditEvent.at)
            .join(Project, Project.public_id == AuditEvent.chain)
            .where(
                Project.id == project_id,
                AuditEvent.subject_type == "project",
                AuditEvent.subject_id == Project.public_id,
                AuditEvent.action == "ratings.imported",
            )
        )
    )
    last = sa.func.max(Assignment.submitted_at, type_=Assignment.submitted_at.type)
    rows = session.execute(
        sa.select(Assignment.task_id, last)
        .where(Assignment.project_id == project_id, Assignment.state.in_(COUNTED_STATES))
        .group_by(Assignment.task_id)
        .execution_options(yield_per=CHUNK)
    )
    week = np.full(len(tasks), UNKNOWN, dtype=np.int64)
    for part in rows.partitions():
        known = [(task_id, week_of(moment)) for task_id, moment in part if moment and moment not in imports]
        at = np.searchsorted(tasks.id, [task_id for task_id, _ in known])
        for place, (task_id, number) in zip(at.tolist(), known, strict=True):
            if place < len(tasks) and tasks.id[place] == task_id:
                week[place] = number
    return week


def week_of(moment: datetime) -> int:
    """Weeks since the Monday before 1970, in UTC."""
    return ((moment - EPOCH).days + 3) // 7


def week_label(week: int) -> str:
    """Like 2026-W47."""
    year, number, _ = (EPOCH + timedelta(days=7 * week - 3)).isocalendar()
    return f"{year}-W{number:02d}"


def left_out_reviews(session: Session, project_id: int) -> tuple[int, int]:
    """How many reviews were asked for because others differed, and how many came late: neither enters a figure."""
    row = session.execute(
        sa.select(
            sa.func.sum(sa.case((Assignment.state == AssignmentState.SUBMITTED, 1), else_=0)),
            sa.func.sum(sa.case((Assignment.state == AssignmentState.EXTRA, 1), else_=0)),
        )
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Assignment.project_id == project_id,
            Task.purpose.in_(COUNTED_PURPOSES),
            sa.or_(
                Assignment.state == AssignmentState.EXTRA,
                sa.and_(Assignment.state == AssignmentState.SUBMITTED, Assignment.slot >= Task.need),
            ),
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0)
