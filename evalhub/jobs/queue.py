"""The queue of huey, on a SQLite file in the instance's folder or on Redis.

It carries ids of jobs alone, as JSON: huey's own pickles would run what somebody else put into the queue.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey
from huey.exceptions import ConfigurationError
from huey.registry import Message
from huey.serializer import Serializer

from evalhub.config import Settings
from evalhub.errors import CannotStart

NAME = "evalhub"


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Messages as JSON."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


def _left_to_workers(job_id: int) -> None:
    raise RuntimeError("this process rings the bell; workers run the jobs")


class JobQueue:
    """Ring it with a job's id, and some worker's `act` is called with the id."""

    def __init__(self, settings: Settings, act: Callable[[int], None] = _left_to_workers) -> None:
        self.huey = _huey(settings)

        def run_job(job_id: int) -> None:  # huey names a task after its module and function, alike on both sides
            act(job_id)

        self.ring: Callable[[int], object] = self.huey.task()(run_job)

    @property
    def is_empty(self) -> bool:
        return bool(self.huey.storage.queue_size() == 0)


def _huey(settings: Settings) -> Huey:
    options = {"results": False, "serializer": JsonSerializer()}
    if settings.redis_url is None:
        path = settings.instance / "jobs.db"
        try:
            return SqliteHuey(NAME, filename=str(path), **options)
        except sqlite3.Error as error:
            raise CannotStart(
                f"{path} cannot be used ({error}); if it is damaged, delete it: no work is lost with it"
            ) from error
    try:
        return RedisHuey(NAME, url=settings.redis_url, **options)
    except ConfigurationError as error:
        raise CannotStart("redis_url needs the package redis; install evalhub[redis]") from error
