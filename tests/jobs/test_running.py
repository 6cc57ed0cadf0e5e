"""One run of a job: what is stored meanwhile, how it ends, and that the queue carries nothing that could be run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.jobs import service
from evalhub.jobs.bell import hang_bell
from evalhub.jobs.models import Job, JobState
from evalhub.jobs.queue import JobQueue
from evalhub.jobs.running import JobFunction, JobRun, RunStopped, run_taken
from evalhub.web.session import write
from tests.jobs.test_service import enqueued, seen, taken
from tests.web.client import settings_for


def run(
    database: Database, function: JobFunction, *, arguments: dict[str, Any] | None = None, stop: bool = False
) -> Job:
    """The job after its function has run here."""
    stopping = threading.Event()
    if stop:
        stopping.set()
    job = taken(database, enqueued(database, arguments))
    run_taken(database, {job.kind: function}, job, stopping=stopping)
    return seen(database, job)


def wait_until_stored(database: Database, words: str) -> None:
    """Until some job shows these words; a test that waits for ever has failed."""
    pause = threading.Event()
    while True:
        with database.reading() as session:
            if any(job.words == words for job in session.query(Job)):
                return
        pause.wait(0.02)


def test_a_function_gets_its_arguments_and_its_result_is_stored(database: Database) -> None:
    def add(_: Database, run: JobRun) -> Mapping[str, Any]:
        return {"sum": run.arguments["a"] + run.arguments["b"]}

    after = run(database, add, arguments={"a": 1, "b": 2})
    assert (after.state, after.result, after.message) == (JobState.DONE, {"sum": 3}, None)


def test_progress_is_stored_while_the_work_goes_on(sqlite_database: Database) -> None:
    def count(database: Database, run: JobRun) -> None:
        run.progress(3, 10, "Counting")
        wait_until_stored(database, "Counting: 3 of 10")
        run.progress(12, 10, "Counting")
        wait_until_stored(database, "Counting: 10 of 10")

    assert run(sqlite_database, count).state is JobState.DONE


def test_what_a_function_refuses_is_shown_as_it_said_it(sqlite_database: Database) -> None:
    def refuse(_: Database, run: JobRun) -> None:
        raise BadInput("There are no ratings yet.")

    after = run(sqlite_database, refuse)
    assert (after.state, after.message) == (JobState.FAILED, "There are no ratings yet.")


def test_a_bug_is_logged_and_told_without_its_words(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fall(_: Database, run: JobRun) -> None:
        raise ZeroDivisionError("secret detail")

    after = run(sqlite_database, fall)
    assert after.state is JobState.FAILED
    assert after.message == f"Something went wrong inside evalhub. The log names job {after.public_id}."
    assert "secret detail" in caplog.text


def test_a_result_that_is_no_json_fails_the_job(sqlite_database: Database) -> None:
    assert run(sqlite_database, lambda *_: {"of": object()}).state is JobState.FAILED


def test_a_kind_that_nobody_knows_fails_with_its_name(sqlite_database: Database) -> None:
    job = taken(sqlite_database, enqueued(sqlite_database))
    run_taken(sqlite_database, {}, job, stopping=threading.Event())
    after = seen(sqlite_database, job)
    assert after.message == 'This version of evalhub does not know how to do "count-sheep".'


def test_a_worker_that_must_stop_gives_its_job_back(database: Database) -> None:
    after = run(database, lambda _, run: run.progress(1, 2, "Counting"), stop=True)
    assert (after.state, after.attempts) == (JobState.QUEUED, 0)


def test_a_cancelled_run_hears_of_it_and_the_job_stays_cancelled(database: Database) -> None:
    def count_for_ever(database: Database, run: JobRun) -> None:
        with database.reading() as session:
            [job_id] = session.scalars(sa.select(Job.id))
        write(partial(service.cancel, job_id=job_id), on=database)
        assert run.is_lost.wait(30)
        with pytest.raises(RunStopped):
            run.progress(1, 2, "Counting")
        run.progress(1, 2, "Counting")

    assert run(database, count_for_ever).state is JobState.CANCELLED


def test_a_job_may_write_while_its_progress_is_stored(database: Database) -> None:
    def write_much(database: Database, run: JobRun) -> None:
        for n in range(20):
            run.progress(n, 20, "Writing")
            write(lambda s: s.execute(sa.text("SELECT 1")), on=database)
            threading.Event().wait(0.05)

    assert run(database, write_much).state is JobState.DONE


def test_the_bell_rings_after_the_commit_and_not_for_what_was_rolled_back(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings = settings_for(sqlite_database, tmp_path)
    hang_bell(sqlite_database, settings)
    queue = JobQueue(settings)

    class Refused(Exception):
        pass

    def enqueue_and_fail(session: Any) -> None:
        service.enqueue(session, "count-sheep", {}, project_id=None, by_id=None)
        raise Refused

    with pytest.raises(Refused):
        write(enqueue_and_fail, on=sqlite_database)
    assert queue.is_empty
    enqueued(sqlite_database)
    assert not queue.is_empty


def test_a_bell_that_cannot_ring_leaves_the_job_in_the_table(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    hang_bell(sqlite_database, settings_for(sqlite_database, Path("/nowhere")))
    assert enqueued(sqlite_database).state is JobState.QUEUED
    assert "no worker could be woken" in caplog.text


def test_the_queue_carries_plain_json(sqlite_database: Database, tmp_path: Path) -> None:
    heard: list[int] = []
    queue = JobQueue(settings_for(sqlite_database, tmp_path), heard.append)
    queue.ring(17)
    [message] = queue.huey.storage.enqueued_items()
    assert message.startswith(b"[")
    queue.huey.execute(queue.huey.dequeue())
    assert heard == [17]
