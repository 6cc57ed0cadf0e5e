"""Taking up another rubric version in the browser and by programs: each says what it will do."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import InstanceRole
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.review.models import Purpose
from tests.review.test_adopt import grade, tasks, with_versions
from tests.web.client import Browser, Page, a_person, a_token, app_for
from tests.world import RUBRIC, World, a_project, with_roles

ADOPT = "/projects/p/adopt"
API = "/api/v1/projects/p/adoptions"


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """Ten items of which four are begun, three of them graded; a second version is published."""
    world = with_versions(a_project(sqlite_database, items=10, overlap=OverlapPlan(base=1)))
    grade(world, "ann", 3)
    return with_roles(world, "mia", ProjectRole.MANAGER)


def browser_of(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def test_a_manager_reads_what_a_version_does_and_adopts_it_with_a_sample(world: World) -> None:
    browser = browser_of(world, "mia")
    assert "What version 2 will do" not in browser.get(ADOPT).text
    page = browser.get(f"{ADOPT}?version=2")
    for said in ("Asked otherwise: accuracy", "The same question in both: clarity", "There are 4 to draw from"):
        assert said in page.text
    browser.post(ADOPT, {"version": "2", "changed": "sample", "n": "2", "reason": "It asked two things."})
    after = browser.get(ADOPT).text
    assert "The project uses version 2 now. 2 items are regraded." in after
    assert "It asked two things." in after
    assert tasks(world) == {(Purpose.LIVE, 1): 4, (Purpose.LIVE, 2): 6, (Purpose.REGRADE, 2): 2}


def test_the_page_of_a_published_version_leads_to_its_adoption(world: World) -> None:
    name = RUBRIC.decode().partition("name: ")[2].partition("\n")[0]
    browser = Browser(app_for(world.database))
    browser.sign_in_as(a_person(world.database, "root", role=InstanceRole.ADMIN))
    assert "is graded on version 1: see what adopting version 2 would do" in browser.get(f"/rubrics/{name}/2").text
    assert "What version 2 will do" in browser.get(f"{ADOPT}?version=2").text
    assert "see what adopting" not in browser.get(f"/rubrics/{name}/1").text


def test_what_was_typed_is_still_there_after_an_error(world: World) -> None:
    browser = browser_of(world, "mia")
    sent = {"version": "2", "changed": "sample", "n": "", "reason": "It asked two things."}
    again = Page(browser.post(ADOPT, sent, status=422))
    assert "A sample needs a number of items" in again.text
    assert "It asked two things." in again.html
    assert "What version 2 will do" in again.text
    assert "Say why" in Page(browser.post(ADOPT, {**sent, "n": "2", "reason": ""}, status=422)).text
    assert "Choose one of the versions" in Page(browser.post(ADOPT, {**sent, "version": "1"}, status=422)).text
    assert tasks(world) == {(Purpose.LIVE, 1): 10}


def test_only_whoever_manages_the_project_may_and_to_outsiders_it_does_not_exist(world: World) -> None:
    sent = {"version": "2", "changed": "keep", "reason": "why"}
    reviewer = browser_of(world, "ann")
    reviewer.get(ADOPT, status=403)
    reviewer.post(ADOPT, sent, status=403)
    outsider = Browser(app_for(world.database)).sign_in_as(a_person(world.database, "olga"))
    outsider.get(ADOPT, status=404)
    outsider.post(ADOPT, sent, status=404)
    assert tasks(world) == {(Purpose.LIVE, 1): 10}


def test_without_another_version_the_page_says_what_to_do(sqlite_database: Database) -> None:
    world = with_roles(a_project(sqlite_database), "mia", ProjectRole.MANAGER)
    assert "Publish the next version of the rubric first" in browser_of(world, "mia").get(ADOPT).text


def test_a_reviewer_sees_only_the_changed_criterion_and_why(world: World) -> None:
    browser_of(world, "mia").post(ADOPT, {"version": "2", "changed": "regrade", "reason": "It asked two things."})
    lease = world.claim("ben")
    assert lease is not None
    page = browser_of(world, "ben").get(f"/assignments/{lease.assignment}")
    assert "Is it right?" in page.text
    assert "Clarity" not in page.text
    assert "asks only what version 2 of the rubric asks otherwise" in page.text


def test_programs_ask_first_then_adopt_and_read_what_was_adopted(world: World) -> None:
    client = app_for(world.database).test_client()
    headers = a_token(world.database, world.people["mia"])
    body = {"version": 2, "changed": "regrade", "reason": "It asked two things."}
    asked = client.post(API, json={**body, "dry_run": True}, headers=headers)
    assert (asked.status_code, asked.json["adoption"], asked.json["plan"]["regrades"]) == (200, None, 4)
    assert asked.json["plan"]["changed"] == ["accuracy"]
    done = client.post(API, json=body, headers=headers)
    assert (done.status_code, done.json["complete"]) == (201, True)
    again = client.post(API, json=body, headers=headers)
    assert (again.status_code, again.json["error"]["code"]) == (409, "rubric_version")
    assert client.post(API, json={**body, "version": 7}, headers=headers).status_code == 404
    assert client.post(API, json={**body, "changed": "sample"}, headers=headers).status_code == 422
    (listed,) = client.get(API, headers=headers).json["adoptions"]
    assert listed["adoption"] == done.json["adoption"]
    assert (listed["from_version"], listed["to_version"], listed["regrades"], listed["by"]) == (1, 2, 4, "Mia")


def test_a_claim_of_a_regrade_shows_programs_the_changed_criterion_alone(world: World) -> None:
    client = app_for(world.database).test_client()
    body = {"version": 2, "changed": "regrade", "reason": "It asked two things."}
    client.post(API, json=body, headers=a_token(world.database, world.people["mia"]))
    claimed = client.post("/api/v1/projects/p/claims", headers=a_token(world.database, world.people["ben"]))
    assert [criterion["id"] for criterion in claimed.json["rubric"]["criteria"]] == ["accuracy"]
    assert claimed.json["rubric"]["version"] == 2


def test_the_log_says_which_version_and_not_why(world: World) -> None:
    browser_of(world, "mia").post(ADOPT, {"version": "2", "changed": "keep", "reason": "a canary"})
    with world.database.reading() as session:
        body = session.scalars(sa.select(AuditEvent.body).where(AuditEvent.action == "project.rubric_adopted")).one()
    assert json.loads(body)["payload"].items() >= {"from": 1, "to": 2, "changed": "keep"}.items()
    assert "canary" not in body
