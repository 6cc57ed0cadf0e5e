"""Agreement for programs."""

from __future__ import annotations

from typing import Any

import pytest

from evalhub.calibration.jobs import make_report
from evalhub.calibration.queries import size
from evalhub.calibration.service import request_report
from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.projects.schema import ProjectRole
from evalhub.web.session import write
from tests.adjudication.worlds import differing
from tests.web.client import a_token, app_for
from tests.world import World, with_roles

URL = "/api/v1/projects/p/agreement"


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """Twelve items of two reviewers who differ on one, and a viewer."""
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {"clarity": None}, items=12)
    return with_roles(world, "vera", ProjectRole.VIEWER)


def ask(world: World, query: str = "", status: int = 200) -> dict[str, Any]:
    answer = (
        app_for(world.database).test_client().get(URL + query, headers=a_token(world.database, world.people["vera"]))
    )
    assert answer.status_code == status, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def make(world: World) -> str:
    job = write(lambda session: request_report(session, world.project.id, None), on=world.database)
    make_report(world.database, JobRun(project_id=world.project.id, by_id=None, arguments=job.arguments))
    return str(job.arguments["report"])


def test_a_small_project_answers_its_full_report_beside_the_live_figures(world: World) -> None:
    found = ask(world)
    report, live = found["report"], found["live"]
    assert (found["is_fresh"], found["report_id"], found["n_since"]) == (True, None, 0)
    assert [one["criterion"] for one in report["criteria"]] == ["accuracy", "clarity"]
    assert report["schema"] == "evalhub.calibration/2"
    assert report["flags"]["n_cases"] == 1
    for one, at_once in zip(report["criteria"], live["criteria"], strict=True):
        assert at_once["figures"]["alpha"] == one["alpha"]


def test_one_criterion_may_be_asked_for_and_an_unknown_one_is_not_found(world: World) -> None:
    found = ask(world, "?criterion=clarity")
    for criteria in (found["report"]["criteria"], found["live"]["criteria"]):
        assert [one["criterion"] for one in criteria] == ["clarity"]
    assert "accuracy, clarity" in str(ask(world, "?criterion=nope", 404))


def test_a_large_project_answers_live_figures_and_the_newest_report_that_was_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size, "SMALL", 1)
    without = ask(world)
    assert (without["report"], without["is_fresh"]) == (None, False)
    assert without["live"]["n_items"] == 12
    public_id = make(world)
    found = ask(world)
    assert (found["report_id"], found["is_fresh"]) == (public_id, True)
    assert len(found["report"]["criteria"]) == 2
    only = ask(world, "?criterion=clarity")["report"]
    assert [one["criterion"] for one in only["criteria"]] == ["clarity"]
    assert {action["criterion"] for action in only["actions"]} <= {"clarity"}
    ask(world, "?criterion=nope", 404)
    assert "evalhub calibrate p" in str(ask(world, "?since=2026-01-01T00:00:00Z", 413))
    newer = make(world)
    assert ask(world)["report_id"] == newer
    assert ask(world, f"?report={public_id}")["report_id"] == public_id
    ask(world, "?report=nope", 404)
