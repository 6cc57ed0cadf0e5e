"""Projects made by program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.projects.queries import project_named, rules_of
from evalhub.projects.schema import Rules
from tests.web.client import a_person, a_token, app_for
from tests.world import a_project


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
