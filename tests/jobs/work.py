"""Do the background work that waits, here and now."""

from __future__ import annotations

import threading
from functools import partial

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.jobs import service
from evalhub.jobs.models import Job, JobState
from evalhub.jobs.running import run_taken
from evalhub.web.session import write
from evalhub.wiring import JOBS


def work_off(database: Database) -> list[Job]:
    """Run every queued job; returns them as they ended."""
    ran = []
    while (job_id := _queued(database)) is not None:
        job = write(partial(service.take, job_id=job_id), on=database)
        assert job is not None
        run_taken(database, JOBS, job, stopping=threading.Event())
        with database.reading() as session:
            ran.append(session.get_one(Job, job_id))
    return ran


def _queued(database: Database) -> int | None:
    with database.reading() as session:
        return session.scalar(sa.select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id).limit(1))
