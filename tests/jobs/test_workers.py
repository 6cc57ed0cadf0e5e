"""Worker processes that die, that are told to stop, and that stand beside a server."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from evalhub.db import Database
from evalhub.jobs.bell import hang_bell
from evalhub.jobs.models import JobState
from tests.jobs.processes import until, working
from tests.jobs.test_service import enqueued, last_heard, seen
from tests.servers import start_server
from tests.web.client import settings_for

pytestmark = pytest.mark.slow


def begun(folder: Path) -> int:
    return len(list(folder.glob("begun-*")))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def worker_pids(log: Path) -> list[int]:
    return [int(pid) for pid in re.findall(r"Huey consumer started with 1 thread, PID (\d+)", log.read_text())]


def test_a_job_whose_worker_was_killed_is_done_by_another(sqlite_database: Database, tmp_path: Path) -> None:
    job = enqueued(sqlite_database, {"folder": str(tmp_path)})
    with working(sqlite_database, tmp_path) as first:
        until(lambda: begun(tmp_path) == 1)
        first.kill()
        first.wait()
    assert seen(sqlite_database, job).state is JobState.RUNNING
    last_heard(sqlite_database, job, seconds_ago=61)
    with working(sqlite_database, tmp_path) as second:
        until(lambda: begun(tmp_path) == 2)
        (tmp_path / "go").touch()
        until(lambda: not seen(sqlite_database, job).is_unfinished)
    after = seen(sqlite_database, job)
    assert (after.state, after.result, after.attempts) == (JobState.DONE, {"by": second.pid}, 2)


def test_a_worker_that_is_told_to_stop_gives_its_job_back_at_once(sqlite_database: Database, tmp_path: Path) -> None:
    job = enqueued(sqlite_database, {"folder": str(tmp_path)})
    with working(sqlite_database, tmp_path) as first:
        until(lambda: begun(tmp_path) == 1)
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
    after = seen(sqlite_database, job)
    assert (after.state, after.attempts) == (JobState.QUEUED, 0)


def test_a_job_that_does_not_listen_is_taken_from_a_worker_that_must_stop(
    sqlite_database: Database, tmp_path: Path
) -> None:
    job = enqueued(sqlite_database, {"folder": str(tmp_path)}, kind="sleep")
    with working(sqlite_database, tmp_path) as first:
        until(lambda: begun(tmp_path) == 1)
        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 0
    assert seen(sqlite_database, job).state is JobState.QUEUED


def test_a_ring_wakes_a_worker_that_looks_but_once_an_hour(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    before = enqueued(sqlite_database, {"folder": str(tmp_path), "n": 1})
    with working(sqlite_database, tmp_path, sweep_seconds=3600):
        until(lambda: seen(sqlite_database, before).state is JobState.DONE)
        hang_bell(sqlite_database, settings_for(sqlite_database, tmp_path))
        after = enqueued(sqlite_database, {"folder": str(tmp_path), "n": 2})
        until(lambda: seen(sqlite_database, after).state is JobState.DONE)


def test_a_worker_beside_a_server_is_replaced_when_it_dies_and_ends_with_the_server(
    sqlite_database: Database, tmp_path: Path
) -> None:
    server = start_server(sqlite_database, tmp_path, workers=1, job_workers=1)
    try:
        until(lambda: len(worker_pids(server.log)) == 1)
        os.kill(worker_pids(server.log)[0], signal.SIGKILL)
        job = enqueued(sqlite_database)
        until(lambda: seen(sqlite_database, job).state is JobState.FAILED)
    finally:
        server.stop()
    assert len(worker_pids(server.log)) == 2
    assert not is_running(worker_pids(server.log)[1])


def test_a_worker_beside_a_server_does_not_outlive_its_death(sqlite_database: Database, tmp_path: Path) -> None:
    server = start_server(sqlite_database, tmp_path, workers=1, job_workers=1)
    try:
        until(lambda: len(worker_pids(server.log)) == 1)
    finally:
        server.kill()
    [pid] = worker_pids(server.log)
    until(lambda: not is_running(pid))
