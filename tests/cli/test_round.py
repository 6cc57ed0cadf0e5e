from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalhub.db import Database
from tests.calibration.rounds import grade_round
from tests.cli.conftest import Evalhub
from tests.world import RUBRIC, World, a_project


@pytest.fixture
def world(evalhub: Evalhub, database: Database) -> World:
    return a_project(database, items=5)


def test_rounds_are_handed_out_shown_closed_and_compared(evalhub: Evalhub, world: World, tmp_path: Path) -> None:
    made = evalhub("round", "create", "p", "--name", "first", "--n", "3", "--seed", "4")
    assert (made.exit_code, made.stdout) == (0, "handed out round 1 of p: 3 items to 2 reviewers, seed 4\n")
    for login in ("ann", "ben"):
        grade_round(world, login)
    shown = json.loads(evalhub("round", "show", "p", "1", "--json").stdout)
    assert (shown["reviews_done"], shown["reviews_needed"], shown["criteria"]) == (6, 6, None)
    assert evalhub("round", "close", "p", "1").stdout == "closed round 1 of p\n"
    assert "Ann" in evalhub("round", "show", "p", "1").stdout
    assert "rounds of p" in evalhub("round", "list", "p").stdout
    refused = evalhub("round", "compare", "p", "1")
    assert refused.exit_code != 0

    (tmp_path / "second.yaml").write_bytes(RUBRIC.replace(b"version: 1", b"version: 2").replace(b"Accuracy", b"Right"))
    assert evalhub("rubric", "add", str(tmp_path / "second.yaml")).exit_code == 0
    again = ("--name", "again", "--follows", "1", "--rubric-version", "2", "--reviewer", "ann", "--reviewer", "ben")
    assert evalhub("round", "create", "p", *again).exit_code == 0
    for login in ("ann", "ben"):
        grade_round(world, login, version=2)
    evalhub("round", "close", "p", "2")
    compared = json.loads(evalhub("round", "compare", "p", "2", "--json").stdout)
    assert compared["rubric_versions"] == [1, 2]
    assert [one["compared_as"] for one in compared["criteria"]] == ["other_words", "same_question"]
    words = evalhub("round", "compare", "p", "2").stdout
    assert "what people remember" in words
    assert "undefined" in words
    assert [line["number"] for line in json.loads(evalhub("round", "list", "p", "--json").stdout)] == [2, 1]


def test_what_cannot_be_is_said_with_status_2(evalhub: Evalhub, world: World) -> None:
    for wrong in (
        ("--item", "nowhere"),
        ("--boundary", "accuracy"),
        ("--boundary", "accuracy:excellent"),
        ("--follows", "7"),
        ("--reviewer", "nobody"),
        ("--triage",),
    ):
        refused = evalhub("round", "create", "p", "--name", "x", *wrong)
        assert refused.exit_code != 0, wrong
        assert refused.exception is not None
    assert evalhub("round", "list", "p").stdout == ""


def test_more_items_are_handed_out_to_a_second_reviewer(evalhub: Evalhub, database: Database) -> None:
    from evalhub.projects.schema import OverlapPlan

    a_project(database, items=4, overlap=OverlapPlan(base=1))
    done = evalhub("project", "more", "p", "--n", "9", "--seed", "3")
    assert done.stdout == "4 items of p get a second reviewer (seed 3); there were no more, 9 were asked for\n"
    assert json.loads(evalhub("project", "status", "p", "--json").stdout)["slots_needed"] == 8
    assert evalhub("project", "more", "p", "--n", "1").exit_code != 0
