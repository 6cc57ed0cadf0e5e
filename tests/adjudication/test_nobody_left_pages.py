"""The pages of a case that every adjudicator graded."""

from __future__ import annotations

import pytest

from evalhub.adjudication.models import CaseState
from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from tests.adjudication.test_pages import browser_of, fields_of
from tests.adjudication.worlds import assignment_of, differing, the_case
from tests.world import World, with_roles

WHY = "CANARY: nobody else reads Greek."


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """The only adjudicator, who also manages, graded the item."""
    found = differing(sqlite_database, {"accuracy": "unacceptable"}, {}, adjudicators=())
    with_roles(found, "r1", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER)
    return found


def test_the_queue_of_a_manager_who_graded_leads_to_a_page_that_tells_nothing_of_the_item(world: World) -> None:
    case, browser = the_case(world), browser_of(world, "r1")
    url = f"/cases/{case.public_id}/nobody-left"
    assert url in browser.get("/projects/p/cases").html
    page = browser.get(url)
    for told in ("Answer number", "Accuracy", "source-id", "hidden-model", "Reviewer A"):
        assert told not in page.html
    assert "/projects/p/members" in page.html
    browser.get(f"/cases/{case.public_id}", status=404)


def test_nobody_but_managers_finds_it_and_no_longer_once_an_adjudicator_has_joined(world: World) -> None:
    url = f"/cases/{the_case(world).public_id}/nobody-left"
    browser_of(world, "r2").get(url, status=404)
    with_roles(world, "judy", ProjectRole.ADJUDICATOR)
    browser = browser_of(world, "r1")
    browser.get(url, status=404)
    browser.post(url.replace("nobody-left", "exception"), {"reason": WHY}, status=404)


def test_graders_settle_the_case_together_by_page(world: World) -> None:
    case, manager = the_case(world), browser_of(world, "r1")
    manager.get(f"/cases/{case.public_id}/nobody-left")
    manager.post(f"/cases/{case.public_id}/reconcile", {"reason": ""}, status=422)
    manager.post(f"/cases/{case.public_id}/reconcile", {"reason": WHY})
    for login in ("r1", "r2"):
        own = assignment_of(world, login, case)
        assert own is not None
        url = f"/assignments/{own.public_id}"
        browser = browser_of(world, login)
        browser.get(f"{url}/reconcile", status=303)
        browser.post(f"{url}/resolution")
        assert f"{url}/reconcile" in browser.get(f"{url}/resolution").html
        page = browser.get(f"{url}/reconcile")
        assert "You are Reviewer" in page.text
        assert ("R2" if login == "r1" else "R1") not in page.text
        given = "unacceptable" if login == "r1" else "excellent"
        assert f'value="{given}" checked' in page.html
        sent = {"level-accuracy": "adequate", "cause": "truly_ambiguous"}
        browser.post(f"{url}/reconcile", fields_of(page, **sent, rationale=""), status=422)
        browser.post(f"{url}/reconcile", fields_of(page, **sent, rationale=f"{login} gives in."))
    assert the_case(world).state is CaseState.DECIDED
    told = browser.get(f"{url}/resolution").text
    assert "Settled by its 2 reviewers together" in told
    assert "r1 gives in." in told
    assert "r2 gives in." in told
    browser.get(f"{url}/reconcile", status=303)


def test_only_those_who_were_asked_find_the_page_to_reconcile(world: World) -> None:
    own = assignment_of(world, "r1", the_case(world))
    assert own is not None
    browser_of(world, "r1").get(f"/assignments/{own.public_id}/reconcile", status=404)
    browser_of(world, "r2").get(f"/assignments/{own.public_id}/reconcile", status=404)


def test_a_manager_decides_by_a_recorded_exception(world: World) -> None:
    case, browser = the_case(world), browser_of(world, "r1")
    browser.get(f"/cases/{case.public_id}/nobody-left")
    browser.post(f"/cases/{case.public_id}/exception", {"reason": WHY})
    page = browser.get(f"/cases/{case.public_id}")
    sent = {"level-accuracy": "adequate", "cause": "truly_ambiguous", "rationale": "Half of it is right."}
    browser.post(f"/cases/{case.public_id}/decision", fields_of(page, **sent))
    decided = browser.get(f"/cases/{case.public_id}").text
    assert f"Settled by a manager, because no adjudicator could: {WHY}" in decided
    assert browser.get("/projects/p/cases?state=decided").text.count("Accuracy") >= 1
