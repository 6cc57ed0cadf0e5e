"""A process that does background work, one job at a time."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Mapping
from functools import partial

import sqlalchemy as sa

from evalhub.config import Settings
from evalhub.db import Database
from evalhub.jobs import service
from evalhub.jobs.models import Job, JobState
from evalhub.jobs.queue import JobQueue
from evalhub.jobs.running import JobFunction, revive_dead, run_taken
from evalhub.jobs.sweep import sweep_once
from evalhub.web.session import reading, write

logger = logging.getLogger(__name__)

SECONDS_TO_STOP = 10.0
"""How long a job may take to notice that its worker was told to stop, before it is taken away from it."""

POLL_SECONDS = 0.5
"""How often an idle worker looks into a queue on a file, which cannot wake it."""

REDIS_SECONDS = 10.0
"""How often a worker tries to reach a Redis that is away; a Redis that is there wakes it."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Worker:
    """Takes jobs when the bell rings, and now and then looks for those whose bell nobody heard."""

    def __init__(self, settings: Settings, database: Database, functions: Mapping[str, JobFunction]) -> None:
        self._settings = settings
        self._database = database
        self._functions = functions
        self._queue = JobQueue(settings, self._act)
        self._consumer = self._queue.huey.create_consumer(
            workers=1,
            periodic=False,
            scheduler_interval=60,
            max_delay=POLL_SECONDS if settings.redis_url is None else REDIS_SECONDS,
            shutdown_timeout=SECONDS_TO_STOP,
        )
        self._running: Job | None = None

    @property
    def _stopping(self) -> threading.Event:
        stop_flag: threading.Event = self._consumer.stop_flag
        return stop_flag

    def run(self) -> None:
        """Work until a signal ends it; only the main thread of a process can."""
        self._consumer.start()
        for number in STOP_SIGNALS:  # huey's own handlers would end a job without a word, or start the process anew
            signal.signal(number, lambda *_: self._stopping.set())
        while not self._stopping.is_set():
            self._consumer.check_worker_health()
            sweep_once(self._database, (revive_dead, self._look))
            self._stopping.wait(self._settings.sweep_seconds)
        self._consumer.stop(graceful=True)
        self._give_back()

    def _act(self, job_id: int) -> None:
        self._running = write(partial(service.take, job_id=job_id), on=self._database)
        if self._running is not None:
            run_taken(self._database, self._functions, self._running, stopping=self._stopping)
            self._running = None

    def _look(self, database: Database) -> None:
        """Ring for what is queued while the queue is empty: its bell was lost, or it rang elsewhere."""
        if not self._queue.is_empty:
            return
        with reading(database) as session:
            queued = session.scalars(sa.select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id)).all()
        for job_id in queued:
            self._queue.ring(job_id)

    def _give_back(self) -> None:
        """Take the job away from a run that did not stop in time; nothing that it stores counts any more."""
        job = self._running
        if job is not None and job.lease is not None:
            logger.warning("job %s (%s) did not stop in time and is given back", job.public_id, job.kind)
            write(partial(service.give_back, job_id=job.id, lease=job.lease), on=self._database)
