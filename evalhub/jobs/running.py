"""One run of a job: what its function sees, and what is stored of it meanwhile and at the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from evalhub.db import Database, canonical_json
from evalhub.errors import EvalhubError
from evalhub.jobs import service
from evalhub.jobs.models import Job
from evalhub.web.session import reading, write

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often a run's progress is stored, and how soon a cancellation is noticed."""

BEAT_SECONDS = 5.0
"""How often a run says at least that it lives."""


class RunStopped(Exception):
    """Raised by `JobRun.progress`: the job was cancelled, taken over, or its worker must stop. Let it pass."""


class Progress(NamedTuple):
    done: int
    total: int | None
    stage: str


class JobRun:
    """What a job's function gets besides the database.

    It may be run again after it was stopped or died at any point, even while an earlier run has not noticed that it
    lost the job. So running it twice must do no harm: write under a name made from the arguments, replace instead of
    adding, and commit what must stay whole in one transaction.
    """

    def __init__(
        self,
        *,
        project_id: int | None,
        by_id: int | None,
        arguments: Mapping[str, Any],
        stopping: threading.Event | None = None,
    ) -> None:
        self.project_id = project_id
        self.by_id = by_id
        self.arguments = arguments
        self.said = Progress(0, None, "")
        self.is_lost = threading.Event()
        self._stopping = stopping or threading.Event()

    def progress(self, done: int, total: int | None, stage: str) -> None:
        """Say how far the work is, as often as is convenient: it is stored beside, twice a second at most.

        Raises:
            RunStopped: when the work should end here.
        """
        self.said = Progress(done if total is None else min(done, total), total, stage)
        if self.is_lost.is_set() or self._stopping.is_set():
            raise RunStopped


JobFunction = Callable[[Database, JobRun], Mapping[str, Any] | None]
"""Does the work and returns a small result; a `path` in it is the page that shows what was made.

What it raises of `evalhub.errors` is shown to whoever started the job.
"""


def run_taken(database: Database, functions: Mapping[str, JobFunction], job: Job, *, stopping: threading.Event) -> None:
    """Run a job that `service.take` has given to this process, and store what came of it."""
    assert job.lease is not None
    run = JobRun(project_id=job.project_id, by_id=job.created_by_id, arguments=job.arguments, stopping=stopping)
    with _kept_alive(database, job.id, job.lease, run):
        outcome = _outcome(database, functions, job, run)
    write(partial(outcome, job_id=job.id, lease=job.lease), on=database)


def _outcome(database: Database, functions: Mapping[str, JobFunction], job: Job, run: JobRun) -> Callable[..., None]:
    """Do the work, and say what is to be stored of it."""
    try:
        if job.kind not in functions:
            raise EvalhubError(f'This version of evalhub does not know how to do "{job.kind}".')
        result = functions[job.kind](database, run)
        canonical_json(result)  # what cannot be stored is a fault of the function, and told as one
        return partial(service.finish, result=result)
    except RunStopped:
        return service.give_back
    except EvalhubError as error:
        return partial(service.fail, message=error.message)
    except Exception:  # the edge of a worker: whatever it is, the person who waits must hear of it
        logger.exception("job %s (%s) failed", job.public_id, job.kind)
        return partial(service.fail, message=f"Something went wrong inside evalhub. The log names job {job.public_id}.")


@contextmanager
def _kept_alive(database: Database, job_id: int, lease: str, run: JobRun) -> Iterator[None]:
    """Store the run's progress from a thread beside it, so that neither waits for the other."""
    ended = threading.Event()
    thread = threading.Thread(target=_keep_alive, args=(database, job_id, lease, run, ended), name="job-progress")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _keep_alive(database: Database, job_id: int, lease: str, run: JobRun, ended: threading.Event) -> None:
    stored, beaten_at = run.said, monotonic()
    while not ended.wait(LOOK_SECONDS):
        try:
            if not _is_mine(database, job_id, lease):
                run.is_lost.set()
                return
            said = run.said
            if said != stored or monotonic() - beaten_at > BEAT_SECONDS:
                write(partial(service.report, job_id=job_id, lease=lease, **said._asdict()), on=database)
                stored, beaten_at = said, monotonic()
        except (SQLAlchemyError, EvalhubError):
            logger.exception("the progress of job %s could not be stored and will be tried again", job_id)


def _is_mine(database: Database, job_id: int, lease: str) -> bool:
    with reading(database) as session:
        return session.scalar(sa.select(Job.lease).where(Job.id == job_id)) == lease


def revive_dead(database: Database) -> None:
    """Queue the jobs of dead workers again; an act of the sweep."""
    write(service.revive, on=database)
