from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.web.session import write
from tests.calibration.test_report import graded
from tests.cli.conftest import Evalhub

LEVELS = ["wrong right", "right right", "wrong wrong", "partly partly", "partly na", *["right partly"] * 8]


@pytest.fixture
def project(database: Database) -> Project:
    def make(session: Session) -> Project:
        return graded(session, LEVELS)

    return write(make, on=database)


def test_the_report_begins_with_what_to_do_next_and_goes_on_part_by_part(evalhub: Evalhub, project: Project) -> None:
    printed = evalhub("calibrate", project.name)
    assert printed.exit_code == 0, printed.output
    parts = [
        "What to do next\n  1. ",
        f"{project.name}: 13 rated items, 2 reviewers",
        "alpha of the criteria: median",
        "overall score: alpha",
        "\nAccuracy: ",
        "Partly | Right: ",
        "agree least: ",
        "2026-W02: alpha",
        "Reviewers on Accuracy",
        "pairs of item and criterion are disputed",
        "item1: accuracy: far apart, no consensus",
        "Seed ",
    ]
    places = [printed.stdout.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places == sorted(places)
    assert printed.stderr == ""


def test_the_json_document_holds_every_part(evalhub: Evalhub, project: Project) -> None:
    found = json.loads(evalhub("calibrate", project.name, "--json").stdout)
    assert found["schema"] == "evalhub.calibration/2"
    assert {"reviewers", "overall", "triage", "actions", "notes", "median_alpha"} <= found.keys()
    accuracy, style = found["criteria"]
    parts = {"alpha", "boundaries", "reviewers", "pairs", "weeks", "width_plan", "gate_plan", "reliability_of_mean"}
    assert parts <= accuracy.keys() & style.keys()
    assert accuracy["alpha"]["n_pairable"] == 12


def test_a_file_is_written_without_names_unless_they_are_asked_for(
    evalhub: Evalhub, project: Project, tmp_path: Path
) -> None:
    reviewer = json.loads(evalhub("calibrate", project.name, "--json").stdout)["reviewers"][0]["name"]
    file = tmp_path / "report.html"
    assert evalhub("calibrate", project.name, "--html", str(file)).stdout == f"wrote {file}\n"
    assert reviewer not in file.read_text("utf-8")
    assert evalhub("calibrate", project.name, "--html", str(file), "--names").exit_code == 0
    assert reviewer in file.read_text("utf-8")
    assert evalhub("calibrate", project.name, "--names").exit_code == 2


def test_it_is_narrowed_by_criterion_and_time(evalhub: Evalhub, project: Project) -> None:
    def criteria(*options: str) -> dict[str, int]:
        found = json.loads(evalhub("calibrate", project.name, "--json", *options).stdout)
        return {one["criterion"]: one["n_ratings"] for one in found["criteria"]}

    assert criteria("--criterion", "style") == {"style": 26}
    assert criteria("--since", "2026-01-06") == {"accuracy": 0, "style": 0}
    assert criteria("--until", "2026-01-05T09:00:01Z") == {"accuracy": 26, "style": 26}
    refused = evalhub("calibrate", project.name, "--criterion", "nope")
    assert (refused.exit_code, "it has accuracy, style" in refused.stderr) == (2, True)
