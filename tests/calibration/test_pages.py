"""The calibration page and the same figures for programs."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import set_member
from evalhub.web.session import write
from tests.adjudication.worlds import differing
from tests.web.client import Browser, a_token, app_for
from tests.world import MOMENT, World, a_project, an_account


def with_viewer(world: World) -> World:
    def add(session: Session) -> None:
        world.people["vera"] = an_account(session, "vera")
        roles = {ProjectRole.VIEWER}
        set_member(session, world.project.id, world.people["vera"].id, roles, by=None, now=MOMENT)

    write(add, on=world.database)
    return world


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return with_viewer(differing(sqlite_database, {"accuracy": "unacceptable"}, {"clarity": None}, {}, items=12))


def test_the_page_tells_alpha_verdict_and_boundaries(world: World) -> None:
    page = Browser(app_for(world.database)).sign_in_as(world.people["vera"]).get("/projects/p/calibration")
    assert "Accuracy" in page.text
    assert "Where it crosses" in page.text
    assert "confirmed" in page.text.lower()


def test_before_any_rating_the_page_says_what_to_do(sqlite_database: Database) -> None:
    world = with_viewer(a_project(sqlite_database))
    page = Browser(app_for(sqlite_database)).sign_in_as(world.people["vera"]).get("/projects/p/calibration")
    assert "No ratings yet" in page.text


def test_reviewers_may_not_see_the_figures(world: World) -> None:
    page = Browser(app_for(world.database)).sign_in_as(world.people["r1"]).get("/projects/p/calibration", status=403)
    assert page.status == 403


def test_programs_get_the_same_figures(world: World) -> None:
    client = app_for(world.database).test_client()
    header = a_token(world.database, world.people["vera"])
    found = client.get("/api/v1/projects/p/agreement", headers=header).get_json()
    assert [one["criterion"] for one in found["criteria"]] == ["accuracy", "clarity"]
    assert found["flags"]["n_cases"] == 1
    assert found["criteria"][0]["alpha"]["n_pairable"] == 12
    one = client.get("/api/v1/projects/p/agreement?criterion=clarity", headers=header).get_json()
    assert [each["criterion"] for each in one["criteria"]] == ["clarity"]
    assert client.get("/api/v1/projects/p/agreement?criterion=nope", headers=header).status_code == 404
