"""An adjudicator asks one more reviewer before deciding."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from evalhub.adjudication.models import CaseState
from evalhub.adjudication.queries.filtered import CaseFilter, Waits
from evalhub.adjudication.queries.listing import case_page
from evalhub.adjudication.service.asking import ask_before_deciding
from evalhub.db import Database
from evalhub.errors import Conflict, NotFound
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import remove_member, set_member
from evalhub.review.jobs import sweep
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, decided, take, the_case
from tests.review.test_queue import assert_sound
from tests.web.client import Browser, a_token, app_for
from tests.world import MOMENT, World, a_project

SCORES = {"accuracy": "excellent"}


def taken(database: Database, *, reviewers: tuple[str, ...] = ("ann", "ben", "cem")) -> World:
    """Two reviewers differ on accuracy by a level, and Judy has taken the case."""
    world = a_project(database, items=1, reviewers=reviewers)
    world.review_all("ann", {"accuracy": "adequate", "clarity": "adequate"})
    world.review_all("ben", {"accuracy": "excellent", "clarity": "adequate"})
    take(world, "judy", the_case(world))
    return world


def ask(world: World, login: str = "judy") -> None:
    def fn(session: Session) -> None:
        ask_before_deciding(session, the_case(world).public_id, by=world.people[login])

    write(fn, on=world.database)


def give(world: World, login: str, roles: set[ProjectRole]) -> None:
    project_id, account_id = world.project.id, world.people[login].id
    write(lambda session: set_member(session, project_id, account_id, roles, by=None, now=MOMENT), on=world.database)


def browser_of(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def test_the_case_waits_and_cannot_be_decided_meanwhile(database: Database) -> None:
    world = taken(database)
    ask(world)
    case = the_case(world)
    assert case.state is CaseState.OPEN
    with pytest.raises(Conflict) as raised:
        decided(world, "judy", case, a_decision(SCORES))
    assert raised.value.code == "one_more"
    with database.reading() as session:
        assert (
            Waits.ONE_MORE in case_page(session, world.project.id, world.people["judy"].id, CaseFilter()).lines[0].waits
        )
    assert_sound(world)


def test_the_case_closes_where_the_review_settles_it_and_is_decided_where_it_does_not(database: Database) -> None:
    world = taken(database)
    ask(world)
    world.review_all("cem", {"accuracy": "excellent", "clarity": "adequate"})
    assert the_case(world).state is CaseState.CORRECTED

    other = a_project(database, items=1, reviewers=["dan", "eve", "fay"], adjudicators=["jim"], name="other")
    other.review_all("dan", {"accuracy": "unacceptable", "clarity": "adequate"})
    other.review_all("eve", {"accuracy": "excellent", "clarity": "adequate"})
    take(other, "jim", the_case(other))
    ask(other, "jim")
    other.review_all("fay", {"accuracy": "excellent", "clarity": "adequate"})
    assert the_case(other).state is CaseState.OPEN
    decided(other, "jim", the_case(other), a_decision(SCORES))
    assert the_case(other).state is CaseState.DECIDED


def test_nobody_is_asked_where_none_is_left(database: Database) -> None:
    alone = taken(database, reviewers=("ann", "ben"))
    with pytest.raises(Conflict) as raised:
        ask(alone)
    assert raised.value.code == "one_more"


def test_a_case_that_waits_for_who_has_left_can_be_decided(database: Database) -> None:
    world = taken(database)
    ask(world)
    with pytest.raises(Conflict):
        ask(world)
    judy, cem = world.people["judy"], world.people["cem"]
    write(lambda s: remove_member(s, world.project.id, cem.id, reason="left", by=judy, now=MOMENT), on=database)
    sweep(database)
    decided(world, "judy", the_case(world), a_decision(SCORES))
    assert the_case(world).state is CaseState.DECIDED


def test_who_graded_the_item_cannot_ask(database: Database) -> None:
    world = taken(database)
    with pytest.raises(NotFound):
        ask(world, "ann")


def test_who_may_have_seen_in_the_queue_how_the_answers_lie_is_not_the_one_who_is_asked(database: Database) -> None:
    world = taken(database, reviewers=("ann", "ben", "cem", "dan", "eve"))
    for login, role in (("cem", ProjectRole.ADJUDICATOR), ("dan", ProjectRole.MANAGER)):
        give(world, login, {ProjectRole.REVIEWER, role})
    ask(world)
    assert world.claim("cem") is None
    assert world.claim("dan") is None
    assert world.claim("eve") is not None
    assert_sound(world)


def test_nobody_is_asked_where_only_such_people_are_left(database: Database) -> None:
    world = taken(database)
    give(world, "cem", {ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR})
    with pytest.raises(Conflict):
        ask(world)
    take(world, "cem", the_case(world))


def test_the_page_offers_it_and_says_that_the_case_waits(sqlite_database: Database) -> None:
    world = taken(sqlite_database)
    path = f"/cases/{the_case(world).public_id}"
    browser = browser_of(world, "judy")
    assert "Ask one more reviewer" in browser.get(path).text
    browser.post(f"{path}/one-more")
    page = browser.get(path)
    assert "One more reviewer was asked" in page.text
    assert f"{path}/decision" not in page.html
    assert "waits for one more reviewer" in browser.get("/projects/p/cases").text
    browser.post(f"{path}/one-more", status=409)
    assert browser_of(world, "cem").post(f"{path}/one-more", status=404)


def test_the_page_does_not_offer_what_nobody_could_answer(sqlite_database: Database) -> None:
    world = taken(sqlite_database, reviewers=("ann", "ben"))
    page = browser_of(world, "judy").get(f"/cases/{the_case(world).public_id}")
    assert "Ask one more reviewer" not in page.text


def test_programs_ask_the_same(sqlite_database: Database) -> None:
    world = taken(sqlite_database)
    client, path = app_for(sqlite_database).test_client(), f"/api/v1/cases/{the_case(world).public_id}/one-more"
    judy = a_token(sqlite_database, world.people["judy"])
    assert client.post(path, headers=a_token(sqlite_database, world.people["ann"])).status_code == 404
    assert client.post(path, headers=judy).status_code == 200
    assert client.post(path, headers=judy).status_code == 409
    [case] = client.get("/api/v1/projects/p/cases", headers=judy).get_json()["cases"]
    assert case["waits_for_one_more"] is True
