"""Comparisons that were made in the background."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.jobs.models import Job, JobState


def latest_result(session: Session, kind: str, project_id: int) -> Job | None:
    """The newest job of that kind in a project that is done, whatever was asked for since."""
    return session.scalar(
        sa.select(Job)
        .where(Job.kind == kind, Job.project_id == project_id, Job.state == JobState.DONE)
        .order_by(Job.id.desc())
        .limit(1)
    )
