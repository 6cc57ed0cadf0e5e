"""Reads of background work."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import now
from evalhub.errors import NotFound
from evalhub.jobs.models import Job, JobState

UNHEARD_AFTER = timedelta(minutes=2)


def job_of(session: Session, public_id: str) -> Job:
    """The job of that public id.

    Raises:
        NotFound: when there is none.
    """
    job = session.scalar(sa.select(Job).where(Job.public_id == public_id))
    if job is None:
        raise NotFound
    return job


def latest_job(session: Session, kind: str, *, project_id: int | None) -> Job | None:
    """The newest job of a kind in a project (None: of no project), whatever its state."""
    return session.scalar(
        sa.select(Job)
        .where(Job.kind == kind, Job.project_id.is_not_distinct_from(project_id))
        .order_by(Job.id.desc())
        .limit(1)
    )


def jobs_without_worker(session: Session) -> list[Job]:
    """What has waited for more than two minutes while no worker was heard of."""
    before = now(session) - UNHEARD_AFTER
    is_heard = sa.exists().where(Job.state == JobState.RUNNING, Job.heard_at >= before)
    if session.scalar(sa.select(is_heard)):
        return []
    waiting = sa.select(Job).where(Job.state == JobState.QUEUED, Job.created_at < before).order_by(Job.id)
    return list(session.scalars(waiting))
