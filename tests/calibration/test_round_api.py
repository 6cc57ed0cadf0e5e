"""Rounds and second reviewers for programs."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan, ProjectRole
from tests.calibration.rounds import grade_round
from tests.web.client import a_token, app_for
from tests.world import World, a_project, with_roles


@pytest.fixture
def world(sqlite_database: Database) -> World:
    made = a_project(sqlite_database, items=5, overlap=OverlapPlan(base=1))
    return with_roles(made, "meg", ProjectRole.MANAGER)


@pytest.fixture
def client(world: World) -> FlaskClient:
    client = app_for(world.database).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = a_token(world.database, world.people["meg"])["Authorization"]
    return client


def test_a_program_hands_out_a_round_and_reads_its_figures(world: World, client: FlaskClient) -> None:
    body = {"name": "first", "n": 3, "reviewers": ["ann", "ben"], "seed": 11}
    made = client.post("/api/v1/projects/p/rounds", json=body)
    assert made.status_code == 201
    made_round = made.get_json()
    assert (made_round["items"], made_round["seed"], made_round["criteria"]) == (3, 11, None)
    for login in ("ann", "ben"):
        grade_round(world, login)
    path = f"/api/v1/projects/p/rounds/{made_round['id']}"
    assert client.get(path).get_json()["criteria"] is None
    closed = client.post(f"{path}/close").get_json()
    assert [one["criterion"] for one in closed["criteria"]] == ["accuracy", "clarity"]
    assert closed["comparison"] is None
    assert client.post(f"{path}/close").status_code == 409
    assert client.get("/api/v1/projects/p/rounds/1").get_json()["id"] == made_round["id"]
    assert [one["number"] for one in client.get("/api/v1/projects/p/rounds").get_json()["rounds"]] == [1]
    assert client.get("/api/v1/projects/p/rounds/2").status_code == 404


WRONG: list[tuple[dict[str, object], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x", "reviewers": ["nobody"]}, "reviewers"),
    ({"name": "x", "choosing": "followed"}, "choosing"),
    ({"name": "x", "choosing": "named", "items": ["gone"]}, "items"),
    ({"name": "x", "choosing": "boundary", "criterion": "accuracy", "boundary": 2}, "boundary"),
    ({"name": "x", "rubric_version": 5}, "rubric_version"),
    ({"name": "x", "n": 1000}, "n"),
]


def test_a_wrong_body_is_answered_with_its_fault(client: FlaskClient) -> None:
    for body, path in WRONG:
        answer = client.post("/api/v1/projects/p/rounds", json=body)
        assert answer.status_code == 422
        assert answer.get_json()["error"]["details"][0]["path"].startswith(path)


def test_a_program_hands_out_more_items(client: FlaskClient) -> None:
    done = client.post("/api/v1/projects/p/more-items", json={"n": 2, "seed": 5})
    assert (done.status_code, done.get_json()) == (200, {"asked": 2, "given": 2, "seed": 5})
    assert client.post("/api/v1/projects/p/more-items", json={"n": 9}).get_json()["given"] == 3
    refused = client.post("/api/v1/projects/p/more-items", json={"n": 1})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "nothing_left")


def test_reviewers_may_do_none_of_it(world: World) -> None:
    client = app_for(world.database).test_client()
    header = a_token(world.database, world.people["ann"])
    assert client.get("/api/v1/projects/p/rounds", headers=header).status_code == 403
    assert client.post("/api/v1/projects/p/rounds", json={"name": "x"}, headers=header).status_code == 403
    assert client.post("/api/v1/projects/p/more-items", json={"n": 1}, headers=header).status_code == 403
