"""The first steps of an instance, for the admin who has just made it."""

from __future__ import annotations

import io
import threading
from functools import partial

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import Account, InstanceRole
from evalhub.datasets.service import import_items
from evalhub.db import Database
from evalhub.jobs.models import Job
from evalhub.jobs.running import run_taken
from evalhub.jobs.service import take
from evalhub.projects.models import Member
from evalhub.projects.queries import membership, project_named, roles_of
from evalhub.projects.schema import ProjectRole
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from evalhub.wiring import JOBS
from tests.web.client import Browser, a_person, app_for
from tests.world import MOMENT, RUBRIC, a_project


@pytest.fixture
def root(sqlite_database: Database) -> Account:
    return a_person(sqlite_database, "root", role=InstanceRole.ADMIN)


@pytest.fixture
def admin(sqlite_database: Database, root: Account) -> Browser:
    return Browser(app_for(sqlite_database)).sign_in_as(root)


def now_to_do(browser: Browser) -> str:
    """The heading of the step that is marked as next."""
    before, found, _ = browser.get("/start").html.partition(">next<")
    return before.rpartition('id="step-')[2].partition('"')[0] if found else ""


def test_home_leads_an_admin_to_the_first_steps_until_there_is_a_project(admin: Browser) -> None:
    assert admin.client.get("/", base_url=admin.base_url).location == "/start"
    a_project(admin.database, items=1)
    assert "Home" in admin.get("/").headings[0]


def test_the_first_steps_can_be_returned_to_from_every_page_until_there_is_a_project(admin: Browser) -> None:
    assert 'href="/start"' in admin.get("/rubrics").html
    a_project(admin.database, items=1)
    assert 'href="/start"' not in admin.get("/rubrics").html


def test_who_is_no_admin_has_no_first_steps(sqlite_database: Database) -> None:
    member = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "ann"))
    member.get("/start", status=403)
    assert "No project yet" in member.get("/").text


def test_what_there_is_decides_which_step_is_next(admin: Browser) -> None:
    database = admin.database
    assert now_to_do(admin) == "rubric"
    write(lambda s: add_rubric(s, RUBRIC, source_name="r.yaml", actor_id=None, now=MOMENT), on=database)
    assert now_to_do(admin) == "items"
    line = b'{"id": "a", "prompt": "Q", "response": "A"}'
    import_items(partial(write, on=database), io.BytesIO(line), dataset_name="d", source_name="d.jsonl", actor_id=None)
    assert now_to_do(admin) == "people"
    a_person(database, "ann")
    assert now_to_do(admin) == "project"


def test_steps_that_were_put_aside_come_no_more_to_this_admin(admin: Browser) -> None:
    admin.get("/start")
    admin.post("/start/aside")
    assert "Nothing here yet" in admin.get("/").text
    assert 'href="/start"' not in admin.get("/rubrics").html
    assert "You know your way?" not in admin.get("/start").text
    other = a_person(admin.database, "other", role=InstanceRole.ADMIN)
    visitor = Browser(app_for(admin.database)).sign_in_as(other)
    assert visitor.client.get("/", base_url=visitor.base_url).location == "/start"


def loaded(admin: Browser) -> Job:
    """The job that the button made, run to its end."""
    admin.get("/start")
    admin.post("/start/demo")
    with admin.database.reading() as session:
        job_id = session.scalars(sa.select(Job.id).order_by(Job.id.desc()).limit(1)).one()
    taken = write(lambda session: take(session, job_id), on=admin.database)
    assert taken is not None
    run_taken(admin.database, JOBS, taken, stopping=threading.Event())
    with admin.database.reading() as session:
        return session.get_one(Job, job_id)


def test_the_demo_is_loaded_for_whoever_asked_and_makes_no_admin(admin: Browser, root: Account) -> None:
    job = loaded(admin)
    assert job.result == {"path": "/projects/demo"}, job.message
    with admin.database.reading() as session:
        member = membership(session, project_named(session, "demo").id, root.id)
        assert member is not None
        assert roles_of(member) == {ProjectRole.MANAGER, ProjectRole.REVIEWER}
        admins = session.scalars(sa.select(Account.login).where(Account.role == InstanceRole.ADMIN)).all()
        assert admins == ["root"]
        assert session.scalar(sa.select(sa.func.count()).select_from(Member).where(Member.is_simulated)) == 3
    assert "simulated" in admin.get("/projects/demo").text
    assert loaded(admin).result == {"path": "/projects/demo"}, "loading it again does no harm"


def test_the_demo_is_not_loaded_over_somebody_real(admin: Browser) -> None:
    a_person(admin.database, "adjudicator")
    job = loaded(admin)
    assert job.message is not None
    assert 'Somebody signs in as "adjudicator"' in job.message
