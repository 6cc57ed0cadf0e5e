"""Training for programs, and references from settled items."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from evalhub.adjudication.service.references import add_settled_gold
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import set_member
from evalhub.training.models import Use
from evalhub.training.queries.references import golds_of
from evalhub.web.session import write
from tests.training.worlds import RIGHT, WRONG, a_training, certify
from tests.web.client import Browser, a_token, app_for
from tests.world import MOMENT, World, an_account, with_roles


@pytest.fixture
def world(sqlite_database: Database) -> World:
    made = a_training(sqlite_database, items=2, gold={Use.QUALIFICATION: 5}, overlap=2)
    return with_roles(made, "meg", ProjectRole.MANAGER)


@pytest.fixture
def client(world: World) -> FlaskClient:
    client = app_for(world.database).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = a_token(world.database, world.people["meg"])["Authorization"]
    return client


def test_a_program_reads_the_rule_the_items_and_who_is_certified(world: World, client: FlaskClient) -> None:
    certify(world, "ann")
    shown = client.get("/api/v1/projects/p/training").get_json()
    assert (shown["rule"]["n"], shown["rule"]["right"], shown["rule"]["items_missing"]) == (5, 4, 0)
    assert {one["use"] for one in shown["items"]} == {"qualification"}
    ann = next(one for one in shown["reviewers"] if one["name"] == "Ann")
    assert (ann["certified"], ann["certificate"]["right"], ann["drift_points"]) == (True, 4, 0)


def test_a_program_changes_the_settings(client: FlaskClient) -> None:
    changed = client.put("/api/v1/projects/p/training", json={"gold_share": 0.1, "rule": {"p_low": 0.4}})
    assert changed.status_code == 200
    assert changed.get_json()["settings"]["gold_share"] == 0.1
    assert client.put("/api/v1/projects/p/training", json={"gold_share": 0.3}).status_code == 422
    assert client.put("/api/v1/projects/p/training", json={"rule": {"p_low": 0.95}}).status_code == 422


def test_a_program_adds_items_and_takes_them_out(client: FlaskClient) -> None:
    refused = client.post("/api/v1/projects/p/training/items", json={"items": ["source-id-0"], "use": "gold"})
    assert refused.status_code == 422
    there = client.get("/api/v1/projects/p/training").get_json()["items"]
    left = client.delete(f"/api/v1/projects/p/training/items/{there[0]['id']}").get_json()["items"]
    assert len(left) == 4
    added = client.post("/api/v1/projects/p/training/items", json={"items": [there[0]["item"]], "use": "gold"})
    assert added.status_code == 201
    assert [one["use"] for one in added.get_json()["items"]].count("gold") == 1


def test_what_all_reviewers_said_alike_becomes_a_reference(world: World) -> None:
    world.review_all("ann", RIGHT)
    world.review_all("ben", {"source-id-0": RIGHT, "source-id-1": WRONG})
    browser = Browser(app_for(world.database)).sign_in_as(world.people["meg"])
    browser.post("/projects/p/cases/gold", {"items": "source-id-0", "use": "gold"})
    with world.database.reading() as session:
        line = golds_of(session, world.project.id, use=Use.GOLD)[0]
    assert {key: answer.known.rank for key, answer in line.reference.items()} == {"accuracy": 1, "clarity": 1}

    def add(session: Session) -> None:
        add_settled_gold(session, world.project.id, ["source-id-1"], Use.GOLD, by=None, at=now(session))

    with pytest.raises(BadInput) as error:
        write(add, on=world.database)
    assert [fault.path for fault in error.value.faults] == ["source-id-1"]


@pytest.fixture
def cautious(sqlite_database: Database) -> World:
    """Cas manages the project and reviews in it."""
    made = a_training(sqlite_database, items=2, overlap=3, reviewers=("ann", "ben", "cas"))
    roles = {ProjectRole.MANAGER, ProjectRole.REVIEWER}
    write(
        lambda s: set_member(s, made.project.id, made.people["cas"].id, roles, by=None, now=MOMENT), on=sqlite_database
    )
    return made


def settle_as_gold(world: World, login: str, item: str) -> None:
    by = world.people[login]
    write(
        lambda s: add_settled_gold(s, world.project.id, [item], Use.GOLD, by=s.merge(by), at=now(s)),
        on=world.database,
    )


@pytest.mark.parametrize("others", [(RIGHT, RIGHT), (RIGHT, WRONG)])
def test_a_manager_who_may_still_grade_an_item_learns_nothing_of_its_grades(
    cautious: World, others: tuple[dict[str, str], dict[str, str]]
) -> None:
    for login, scores in zip(("ann", "ben"), others, strict=True):
        cautious.review_all(login, scores)
    with pytest.raises(Conflict) as refusal:
        settle_as_gold(cautious, "cas", "source-id-0")
    assert refusal.value.code == "may_grade"


def test_a_manager_who_may_reopen_their_review_is_shown_no_reference_of_the_item(cautious: World) -> None:
    for login in ("ann", "ben", "cas"):
        cautious.review_all(login, RIGHT)
    meg = write(lambda s: an_account(s, "meg"), on=cautious.database)
    write(
        lambda s: set_member(s, cautious.project.id, meg.id, {ProjectRole.MANAGER}, by=None, now=MOMENT),
        on=cautious.database,
    )
    cautious.people["meg"] = meg
    settle_as_gold(cautious, "meg", "source-id-0")
    with cautious.database.reading() as session:
        gold = golds_of(session, cautious.project.id)[0].gold.public_id
    app = app_for(cautious.database)
    for login, is_shown, status in (("meg", True, 200), ("cas", False, 409)):
        browser = Browser(app).sign_in_as(cautious.people[login])
        page = browser.get("/projects/p/training/manage")
        assert ("Accuracy: Adequate" in page.text, "you may still grade" in page.text) == (is_shown, not is_shown)
        browser.get(f"/projects/p/training/manage/items/{gold}/reference", status=status)
        token = a_token(cautious.database, cautious.people[login])
        answer = app.test_client().get("/api/v1/projects/p/training", headers=token, base_url="http://localhost")
        assert bool(answer.get_json()["items"][0]["reference"]) is is_shown


def test_an_item_that_waits_for_a_review_is_not_settled(cautious: World) -> None:
    for login in ("ann", "ben"):
        cautious.review_all(login, RIGHT)
    with pytest.raises(BadInput):
        write(
            lambda s: add_settled_gold(s, cautious.project.id, ["source-id-0"], Use.GOLD, by=None, at=now(s)),
            on=cautious.database,
        )
