"""Projects made by program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalhub.accounts.models import Account, InstanceRole
from evalhub.db import Database
from evalhub.projects.queries import project_named, rules_of
from evalhub.projects.schema import Rules
from tests.web.client import a_person, a_token, app_for
from tests.world import World, a_project


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"level_at_least": "nope"}, "pass_rule.level_at_least"),
        ({"level_at_least": "adequate", "score_at_least": 0.5}, "pass_rule"),
        ({}, "pass_rule"),
    ],
)
def test_a_pass_rule_that_no_score_could_follow_is_refused(
    sqlite_database: Database, rule: dict[str, Any], path: str
) -> None:
    a_project(sqlite_database, items=1)
    token = a_token(sqlite_database, a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    body = {"name": "q", "dataset": "p-items", "rubric": "answers", "pass_rule": rule}
    answer = app_for(sqlite_database).test_client().post("/api/v1/projects", json=body, headers=token)
    assert answer.status_code == 422
    assert [detail["path"] for detail in json.loads(answer.data)["error"]["details"]] == [path]


def test_the_rules_of_dispute_are_stored_as_they_were_sent(sqlite_database: Database) -> None:
    a_project(sqlite_database, items=1)
    token = a_token(sqlite_database, a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    rules = {
        "flags": {"span": False, "pass_flip": True, "influence": 0.05},
        "one_more": True,
        "pass_rule": {"score_at_least": 0.5},
    }
    body = {"name": "q", "dataset": "p-items", "rubric": "answers", **rules}
    answer = app_for(sqlite_database).test_client().post("/api/v1/projects", json=body, headers=token)
    assert answer.status_code == 201
    with sqlite_database.reading() as session:
        assert rules_of(project_named(session, "q")) == Rules.model_validate(rules)


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"flags": {"influence": 0}}, "flags.influence"),
        ({"flags": {"influence": 1.5}}, "flags.influence"),
        ({"flags": {"pass_flip": True}}, "flags.pass_flip"),
    ],
)
def test_a_rule_that_no_item_could_follow_is_refused(
    sqlite_database: Database, rules: dict[str, Any], path: str
) -> None:
    a_project(sqlite_database, items=1)
    token = a_token(sqlite_database, a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    body = {"name": "q", "dataset": "p-items", "rubric": "answers", **rules}
    answer = app_for(sqlite_database).test_client().post("/api/v1/projects", json=body, headers=token)
    assert answer.status_code == 422
    assert [detail["path"] for detail in json.loads(answer.data)["error"]["details"]] == [path]


class Program:
    """A program of somebody's, asking about the project `p`."""

    def __init__(self, database: Database, account: Account) -> None:
        self.headers = a_token(database, account)
        self.client = app_for(database).test_client()

    def __call__(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        headers = {**self.headers, **more.pop("headers", {})}
        answer = self.client.open(f"/api/v1/projects{path}", method=method, headers=headers, **more)
        assert answer.status_code == status, answer.data
        return answer


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return a_project(sqlite_database, items=2)


@pytest.fixture
def program(world: World) -> Program:
    return Program(world.database, a_person(world.database, "root", role=InstanceRole.ADMIN))


def test_everybody_lists_their_own_projects_and_an_admin_all(world: World, program: Program) -> None:
    listed = program("GET", "").json["projects"]
    assert [(line["name"], line["rubric"], line["roles"]) for line in listed] == [("p", "answers@1", [])]
    assert Program(world.database, world.people["ann"])("GET", "").json["projects"][0]["roles"] == ["reviewer"]
    assert Program(world.database, a_person(world.database, "stranger"))("GET", "").json["projects"] == []


def test_settings_change_under_the_etag_that_was_seen(program: Program) -> None:
    seen = program("GET", "/p").headers["ETag"]
    changed = program("PATCH", "/p/settings", json={"due_on": "2027-01-31"}, headers={"If-Match": seen})
    assert changed.json["settings"] == {
        "title": "p", "due_on": "2027-01-31", "lease_minutes": 45, "one_more": False
    }  # fmt: skip
    late = program("PATCH", "/p/settings", 409, json={"one_more": True}, headers={"If-Match": seen})
    assert late.json["error"]["code"] == "settings_changed"
    cleared = program("PATCH", "/p/settings", json={"due_on": None}, headers={"If-Match": changed.headers["ETag"]})
    assert cleared.json["settings"]["due_on"] is None


def test_a_project_is_closed_once_and_opened_again(program: Program) -> None:
    assert program("POST", "/p/close").json["state"] == "closed"
    program("POST", "/p/close", 409)
    assert program("POST", "/p/reopen").json["state"] == "open"


def test_members_come_change_and_go_by_their_sign_in_names(world: World, program: Program) -> None:
    a_person(world.database, "cy")
    assert program("PUT", "/p/members/cy", json={"roles": ["viewer", "reviewer"]}).json["roles"] == [
        "reviewer", "viewer"
    ]  # fmt: skip
    program("PUT", "/p/members/nobody", 404, json={"roles": ["viewer"]})
    program("PUT", "/p/members/cy", 422, json={"roles": ["king"]})
    assert len(program("GET", "/p/members").json["members"]) == 4
    program("DELETE", "/p/members/cy", 422, json={"reason": ""})
    assert program("DELETE", "/p/members/cy", json={"reason": "moved on"}).json == {"stuck": 0}
    assert program("DELETE", "/p/members/ann", json={"reason": "moved on"}).json == {"stuck": 2}
    program("DELETE", "/p/members/ann", 404, json={"reason": "twice"})


def test_batches_are_listed_hurried_and_closed(world: World, program: Program) -> None:
    world.review_all("ann", {"accuracy": "adequate", "clarity": "adequate"})
    lease = world.claim("ben")
    assert lease is not None
    world.submit("ben", lease, {"accuracy": "adequate", "clarity": "adequate"})
    (batch,) = program("GET", "/p/batches").json["batches"]
    assert (batch["items"], batch["done"], batch["priority"], batch["state"]) == (2, 1, 0, "open")
    changed = program("PATCH", f"/p/batches/{batch['id']}", json={"priority": 3, "state": "closed"}).json
    assert (changed["priority"], changed["state"], changed["name"]) == (3, "closed", batch["name"])
    program("PATCH", "/p/batches/999", 404, json={"priority": 3})


def test_reviewers_manage_nothing_by_program(world: World) -> None:
    ann = Program(world.database, world.people["ann"])
    ann("GET", "/p", 403)
    ann("GET", "/p/members", 403)
    ann("PATCH", "/p/settings", 403, json={"title": "mine"})
