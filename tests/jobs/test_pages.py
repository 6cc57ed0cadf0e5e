"""The page of a job: how far it is, who may see it, and what they may do about it."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.db import Database
from evalhub.jobs import service
from evalhub.jobs.models import JobState
from evalhub.projects.models import Member, MemberState
from evalhub.web.session import write
from tests import rows
from tests.jobs.test_service import a_project, enqueued, leased, seen, taken
from tests.web.client import Browser, a_person, app_for


@pytest.fixture
def app(sqlite_database: Database) -> Flask:
    return app_for(sqlite_database)


@pytest.fixture
def asker(sqlite_database: Database) -> Account:
    return a_person(sqlite_database, "asker")


def a_member(database: Database, project_id: int, login: str, **roles: bool) -> Account:
    person = a_person(database, login)

    def take_in(session: Session) -> None:
        rows.member(session, session.get_one(rows.Project, project_id), person, **{"is_reviewer": False, **roles})

    write(take_in, on=database)
    return person


def test_whoever_asked_follows_the_work_to_its_result(sqlite_database: Database, app: Flask, asker: Account) -> None:
    job = enqueued(sqlite_database, by_id=asker.id)
    browser, path = Browser(app).sign_in_as(asker), f"/jobs/{job.public_id}"
    assert "Waits for a worker" in browser.get(path).text
    run = taken(sqlite_database, job)
    write(partial(service.report, **leased(run), done=1200, total=4000, stage="Counting"), on=sqlite_database)
    page = browser.get(path)
    assert "Counting: 1,200 of 4,000" in page.text
    assert "Look again" in page.text
    write(partial(service.finish, **leased(run), result={"path": "/projects"}), on=sqlite_database)
    page = browser.get(path)
    assert "Done" in page.text
    assert "See what was made" in page.text


def test_the_pages_script_hears_how_far_it_is(sqlite_database: Database, app: Flask, asker: Account) -> None:
    job = enqueued(sqlite_database, by_id=asker.id)
    browser = Browser(app).sign_in_as(asker)
    answer = browser.client.get(f"/jobs/{job.public_id}/progress", base_url=browser.base_url)
    assert answer.get_json() == {"is_unfinished": True, "words": "Waits for a worker", "done": 0, "total": None}


def test_a_job_is_cancelled_and_done_again(sqlite_database: Database, app: Flask, asker: Account) -> None:
    job = enqueued(sqlite_database, by_id=asker.id)
    browser, path = Browser(app).sign_in_as(asker), f"/jobs/{job.public_id}"
    browser.get(path)
    browser.post(f"{path}/cancel")
    assert seen(sqlite_database, job).state is JobState.CANCELLED
    assert "Cancelled" in browser.get(path).text
    location = browser.post(f"{path}/again").location
    assert location not in (None, path)
    assert "Waits for a worker" in browser.get(location).text


def test_a_failure_is_shown_with_its_reason(sqlite_database: Database, app: Flask, asker: Account) -> None:
    run = taken(sqlite_database, enqueued(sqlite_database, by_id=asker.id))
    write(partial(service.fail, **leased(run), message="There are <no> ratings yet."), on=sqlite_database)
    page = Browser(app).sign_in_as(asker).get(f"/jobs/{run.public_id}")
    assert "There are <no> ratings yet." in page.text
    assert "Try again" in page.text


def test_managers_steer_a_projects_job_viewers_see_it_and_to_others_it_does_not_exist(
    sqlite_database: Database, app: Flask
) -> None:
    project_id = write(a_project, on=sqlite_database)
    job = enqueued(sqlite_database, project_id=project_id)
    path = f"/jobs/{job.public_id}"
    viewer = Browser(app).sign_in_as(a_member(sqlite_database, project_id, "viewer", is_viewer=True))
    assert "Cancel" not in viewer.get(path).text
    viewer.post(f"{path}/cancel", status=403)
    reviewer = Browser(app).sign_in_as(a_member(sqlite_database, project_id, "reviewer", is_reviewer=True))
    stranger = Browser(app).sign_in_as(a_person(sqlite_database, "stranger"))
    for nobody in (reviewer, stranger):
        nobody.get(path, status=404)
        nobody.get(f"{path}/progress", status=404)
        nobody.post(f"{path}/cancel", status=404)
        nobody.post(f"{path}/again", status=404)
    assert seen(sqlite_database, job).state is JobState.QUEUED
    manager = Browser(app).sign_in_as(a_member(sqlite_database, project_id, "manager", is_manager=True))
    manager.get(path)
    manager.post(f"{path}/cancel")
    assert seen(sqlite_database, job).state is JobState.CANCELLED
    admin = Browser(app).sign_in_as(a_person(sqlite_database, "boss", role=InstanceRole.ADMIN))
    admin.get(path)
    admin.post(f"{path}/again")


def test_who_left_the_project_no_longer_sees_what_they_asked_for(sqlite_database: Database, app: Flask) -> None:
    project_id = write(a_project, on=sqlite_database)
    asker = a_member(sqlite_database, project_id, "asker", is_viewer=True)
    job = enqueued(sqlite_database, project_id=project_id, by_id=asker.id)
    browser = Browser(app).sign_in_as(asker)
    browser.get(f"/jobs/{job.public_id}")
    removal = sa.update(Member).where(Member.account_id == asker.id).values(state=MemberState.REMOVED)
    write(lambda session: session.execute(removal), on=sqlite_database)
    browser.get(f"/jobs/{job.public_id}", status=404)
