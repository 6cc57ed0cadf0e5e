"""Filters, before and after, the last verification, and a project's own log."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import evalhub
from evalhub.accounts.models import InstanceRole
from evalhub.audit.models import AuditEvent
from evalhub.audit.schema import SENTENCES, Change, changes, details, sentence
from evalhub.audit.service import before_and_after, record
from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.web.session import write
from tests.rows import NOW
from tests.web.client import Browser, a_person, app_for
from tests.world import a_project, with_roles

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
STATES = st.dictionaries(st.sampled_from("abcd"), VALUES)


@pytest.fixture
def browser(sqlite_database: Database) -> Browser:
    root = a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
    return Browser(app_for(sqlite_database)).sign_in_as(root)


@given(STATES, STATES)
def test_a_change_names_exactly_what_differs(before: dict[str, object], after: dict[str, object]) -> None:
    payload = before_and_after(before, after)
    differing = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert {change.what for change in changes(payload)} == differing
    assert details(payload) == ""


def test_before_and_after_stand_side_by_side() -> None:
    payload = {**before_and_after({"role": "member", "x": 1}, {"role": "admin", "x": 1, "domains": ["law"]}), "n": 3}
    assert changes(payload) == [Change("domains", "", "law"), Change("role", "member", "admin")]
    assert details(payload) == "n: 3"


def test_every_action_that_is_recorded_has_a_sentence() -> None:
    """Whatever stands in a service as "noun.verb", with a noun of the log, is an action."""
    nouns = {action.partition(".")[0] for action in SENTENCES}
    found = set()
    package = Path(evalhub.__file__).parent
    for path in [*package.glob("*/service.py"), *package.glob("*/service/*.py")]:
        found |= set(re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text()))
    recorded = {action for action in found if action.partition(".")[0] in nouns}
    assert len(recorded) > 70
    assert recorded - SENTENCES.keys() == set()


def test_an_action_without_a_sentence_is_read_from_its_name() -> None:
    assert sentence("thing.put_away") == "put away thing"


def test_a_changed_role_is_shown_as_it_was_and_as_it_is(browser: Browser, sqlite_database: Database) -> None:
    ann = a_person(sqlite_database, "ann")
    browser.post(f"/people/{ann.public_id}/role", {"role": "admin"})
    html = browser.get("/audit?action=account.role_changed").html
    assert "<dt>role</dt><dd><del>member</del> → <ins>admin</ins></dd>" in html


def test_the_log_is_narrowed_by_day_and_by_what_it_is_about(browser: Browser, sqlite_database: Database) -> None:
    write(lambda session: [_happened(session, n) for n in range(3)], on=sqlite_database)
    day = NOW.date().isoformat()
    assert browser.get(f"/audit?since={day}&until={day}").text.count("number ") == 3
    assert "No such event" in browser.get("/audit?until=2026-01-04").text
    assert browser.get("/audit?subject=thing-1").text.count("number ") == 1
    browser.get("/audit?until=9999-12-31&since=0001-01-01")


def test_the_last_verification_is_kept_with_what_it_found(browser: Browser, sqlite_database: Database) -> None:
    assert "Nobody has looked yet." in browser.get("/audit").text
    browser.post("/audit/verify")
    page = browser.get("/audit").text
    assert "Whole" in page
    assert "by Root" in page
    write(lambda s: s.execute(sa.update(AuditEvent).values(action="thing.else")).close(), on=sqlite_database)
    browser.post("/audit/verify")
    assert "its columns differ from what was hashed" in browser.get("/audit").text


def test_a_project_s_log_holds_its_own_events_and_is_for_managers(database: Database) -> None:
    world = with_roles(a_project(database, items=1), "meg", ProjectRole.MANAGER)
    app = app_for(database)
    browser = Browser(app).sign_in_as(world.people["meg"])
    page = browser.get("/projects/p/audit")
    assert "made a project" in page.text
    assert "signed in" not in page.text
    browser.post("/projects/p/audit/verify")
    assert "Verified" in browser.get("/projects/p/audit").text
    lines = browser.client.get("/projects/p/audit/download", base_url=browser.base_url).data.splitlines()
    assert {json.loads(line)["chain"] for line in lines} == {world.project.public_id}
    Browser(app).sign_in_as(world.people["ann"]).get("/projects/p/audit", status=403)
    Browser(app).sign_in_as(a_person(database, "stranger")).get("/projects/p/audit", status=404)


def test_a_manager_who_still_grades_reads_no_log(sqlite_database: Database) -> None:
    world = with_roles(a_project(sqlite_database, items=1), "ann", ProjectRole.MANAGER, ProjectRole.REVIEWER)
    browser = Browser(app_for(sqlite_database)).sign_in_as(world.people["ann"])
    browser.get("/projects/p/audit", status=403)
    browser.get("/projects/p/audit/download", status=403)


def _happened(session: Session, n: int) -> None:
    record(
        session, action="thing.done", subject=("thing", f"thing-{n}"), actor="", at=NOW, payload={"n": f"number {n}"}
    )
