"""Background work, done at once by the test itself."""

from __future__ import annotations

from threading import Event

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.jobs.models import Job, JobState
from evalhub.jobs.running import run_taken
from evalhub.jobs.service import take
from evalhub.web.session import write
from evalhub.wiring import JOBS


def work_off(database: Database) -> None:
    """Do what is queued, in order."""
    with database.reading() as session:
        waiting = session.scalars(sa.select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id)).all()
    for job_id in waiting:
        taken = write(lambda session, job_id=job_id: take(session, job_id), on=database)
        assert taken is not None
        run_taken(database, JOBS, taken, stopping=Event())
