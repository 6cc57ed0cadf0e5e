"""The table of jobs: one of a kind at a time, leases that fence off lost runs, the dead revived."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub.db import Database, now
from evalhub.jobs import service
from evalhub.jobs.models import Job, JobState
from evalhub.jobs.queries import jobs_without_worker, latest_job
from evalhub.web.session import write
from tests import rows


def enqueued(
    database: Database, arguments: dict[str, Any] | None = None, *, kind: str = "count-sheep", **changes: Any
) -> Job:
    asked: dict[str, Any] = {"project_id": None, "by_id": None, **changes}
    return write(lambda s: service.enqueue(s, kind, arguments or {}, **asked), on=database)


def taken(database: Database, job: Job) -> Job:
    found = write(partial(service.take, job_id=job.id), on=database)
    assert found is not None
    return found


def a_project(session: Session) -> int:
    return rows.project(session, rows.dataset(session), rows.rubric_version(session)).id


def leased(job: Job) -> dict[str, Any]:
    assert job.lease
    return {"job_id": job.id, "lease": job.lease}


def seen(database: Database, job: Job) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job.id)


def last_heard(database: Database, job: Job, *, seconds_ago: float) -> None:
    def change(session: Session) -> None:
        session.get_one(Job, job.id).heard_at = now(session) - timedelta(seconds=seconds_ago)

    write(change, on=database)


def test_two_clicks_make_one_job(database: Database) -> None:
    first = enqueued(database, {"a": 1, "b": [2]})
    assert enqueued(database, {"b": [2], "a": 1}).id == first.id
    taken(database, first)
    assert enqueued(database, {"a": 1, "b": [2]}).id == first.id


def test_other_arguments_another_project_or_another_key_make_another_job(database: Database) -> None:
    project_id = write(a_project, on=database)
    made = [
        enqueued(database, {"a": 1}),
        enqueued(database, {"a": 2}),
        enqueued(database, {"a": 1}, project_id=project_id),
        enqueued(database, {"a": 1}, key="of the morning"),
    ]
    assert len({job.id for job in made}) == 4


def test_what_is_finished_is_done_anew_when_asked(database: Database) -> None:
    first = enqueued(database)
    write(partial(service.finish, result=None, **leased(taken(database, first))), on=database)
    assert enqueued(database).id != first.id


def test_many_clicks_at_once_make_one_job(database: Database) -> None:
    found: set[int] = set()

    def click() -> None:
        found.add(enqueued(database, {"a": 1}).id)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_a_job_is_taken_once(database: Database) -> None:
    job = enqueued(database)
    taken(database, job)
    assert write(partial(service.take, job_id=job.id), on=database) is None


def test_a_finished_job_keeps_its_result_and_shows_all_of_its_work(database: Database) -> None:
    run = taken(database, enqueued(database))
    write(partial(service.report, **leased(run), done=3, total=10, stage="Counting"), on=database)
    assert seen(database, run).words == "Counting: 3 of 10"
    write(partial(service.finish, **leased(run), result={"path": "/sheep"}), on=database)
    after = seen(database, run)
    assert (after.state, after.result, after.done, after.total) == (JobState.DONE, {"path": "/sheep"}, 10, 10)


def test_a_run_that_lost_its_job_changes_nothing(database: Database) -> None:
    lost = taken(database, enqueued(database))
    last_heard(database, lost, seconds_ago=61)
    assert write(service.revive, on=database) == 1
    heir = taken(database, lost)
    write(partial(service.report, **leased(lost), done=7, total=10, stage="Old"), on=database)
    write(partial(service.fail, **leased(lost), message="old"), on=database)
    write(partial(service.finish, **leased(lost), result={"who": "old"}), on=database)
    write(partial(service.give_back, **leased(lost)), on=database)
    after = seen(database, lost)
    assert (after.state, after.lease, after.done) == (JobState.RUNNING, heir.lease, 0)


def test_a_job_whose_worker_died_is_queued_again_and_at_the_third_death_fails(database: Database) -> None:
    job = enqueued(database)
    alive = taken(database, enqueued(database, {"noise": True}))
    for attempt in (1, 2, 3):
        assert taken(database, job).attempts == attempt
        assert write(service.revive, on=database) == 0
        last_heard(database, job, seconds_ago=61)
        assert write(service.revive, on=database) == 1
    after = seen(database, job)
    assert (after.state, after.message) == (
        JobState.FAILED,
        "The worker died 3 times over it; perhaps there is too little memory.",
    )
    assert seen(database, alive).state is JobState.RUNNING


def test_a_job_given_back_has_lost_no_attempt(database: Database) -> None:
    job = enqueued(database)
    write(partial(service.give_back, **leased(taken(database, job))), on=database)
    assert seen(database, job).state is JobState.QUEUED
    assert taken(database, job).attempts == 1


def test_cancelling_ends_what_waits_and_what_runs_but_not_what_is_done(database: Database) -> None:
    waiting, running, done = (enqueued(database, {"n": n}) for n in range(3))
    taken(database, running)
    write(partial(service.finish, result=None, **leased(taken(database, done))), on=database)
    for job in (waiting, running, done):
        write(partial(service.cancel, job_id=job.id), on=database)
    states = [seen(database, job).state for job in (waiting, running, done)]
    assert states == [JobState.CANCELLED, JobState.CANCELLED, JobState.DONE]
    assert write(partial(service.take, job_id=waiting.id), on=database) is None


def test_the_same_again_keeps_what_makes_it_the_same(database: Database) -> None:
    first = enqueued(database, {"a": 1}, key="of the morning")
    write(partial(service.cancel, job_id=first.id), on=database)
    by_id = write(lambda s: rows.account(s).id, on=database)
    again = write(partial(service.enqueue_again, job_id=first.id, by_id=by_id), on=database)
    assert (again.arguments, again.created_by_id) == ({"a": 1}, by_id)
    assert enqueued(database, {"a": 1}, key="of the morning").id == again.id


def test_the_latest_job_is_of_the_kind_and_project_asked_for(database: Database) -> None:
    project_id = write(a_project, on=database)
    enqueued(database, {"n": 1}, project_id=project_id)
    newest = enqueued(database, {"n": 2}, project_id=project_id)
    of_none = enqueued(database, {"n": 3})
    enqueued(database, kind="count-goats", project_id=project_id)
    with database.reading() as session:
        found = latest_job(session, "count-sheep", project_id=project_id)
        without = latest_job(session, "count-sheep", project_id=None)
        assert latest_job(session, "count-cows", project_id=project_id) is None
    assert found is not None
    assert without is not None
    assert (found.id, without.id) == (newest.id, of_none.id)


def test_jobs_that_wait_are_named_only_while_no_worker_is_heard_of(database: Database) -> None:
    old, _new = enqueued(database, {"n": 1}), enqueued(database, {"n": 2})

    def age(session: Session) -> None:
        session.get_one(Job, old.id).created_at = now(session) - timedelta(minutes=3)

    write(age, on=database)
    with database.reading() as session:
        assert [job.id for job in jobs_without_worker(session)] == [old.id]
    taken(database, enqueued(database, {"n": 3}))
    with database.reading() as session:
        assert jobs_without_worker(session) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"state": JobState.RUNNING},
        {"state": JobState.DONE},
        {"lease": "x"},
        {"done": 2, "total": 1},
        {"message": "why"},
        {"result": {}},
    ],
)
def test_a_row_that_contradicts_itself_is_refused(sqlite_database: Database, columns: dict[str, Any]) -> None:
    job = enqueued(sqlite_database)
    with pytest.raises(IntegrityError, match="CHECK"):
        write(lambda s: s.execute(sa.update(Job).where(Job.id == job.id).values(**columns)), on=sqlite_database)
