"""The bell that wakes a worker after a commit, by a queue of huey.

It only saves waiting: a job whose bell was not heard is found in its table by a worker's next look.
"""

from __future__ import annotations

import logging
from functools import cached_property
from weakref import WeakKeyDictionary

from evalhub.config import Settings
from evalhub.db import Database
from evalhub.jobs.queue import JobQueue

logger = logging.getLogger(__name__)


class _Bell:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def queue(self) -> JobQueue:
        """Opened at the first ring, so that no connection is shared by fork."""
        return JobQueue(self._settings)


_bells: WeakKeyDictionary[Database, _Bell] = WeakKeyDictionary()


def hang_bell(database: Database, settings: Settings) -> None:
    """Have jobs that are enqueued in this database wake the workers of these settings."""
    _bells[database] = _Bell(settings)


def ring(database: Database, *, job_id: int) -> None:
    """Wake a worker for a job, where a bell hangs; never fails."""
    bell = _bells.get(database)
    if bell is None:
        return
    try:
        bell.queue.ring(job_id)
    except Exception:  # whatever the queue's store raises: the job is committed, and a worker's next look finds it
        logger.exception("no worker could be woken for job %s; it waits for the next look", job_id)
