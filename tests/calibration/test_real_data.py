"""The whole way from files to figures and cases, on real data of several reviewers."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.service import full_report
from evalhub.datasets.models import Dataset
from evalhub.datasets.service import import_items
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.projects.service import NewProject, create_project
from evalhub.review.service.past_ratings import import_ratings
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from evalhub.wiring import connect_handlers
from tests.world import MOMENT


def loaded(database: Database, folder: Path) -> CalibrationReport:
    """The report of a project that holds the folder's items and past ratings."""
    connect_handlers()
    with (folder / "items.jsonl").open("rb") as items:
        import_items(partial(write, on=database), items, dataset_name="data", source_name="items.jsonl", actor_id=None)

    def make(session: Session) -> int:
        source = (folder / "rubric.yaml").read_bytes()
        version = add_rubric(session, source, source_name="rubric.yaml", actor_id=None, now=MOMENT).version
        dataset_id = session.scalars(sa.select(Dataset.id)).one()
        new = NewProject("real", dataset_id, version.id, overlap=OverlapPlan(base=3))
        return create_project(session, new, by=None, now=MOMENT).id

    project_id = write(make, on=database)
    with (folder / "ratings.jsonl").open("rb") as ratings:
        import_ratings(database, ratings, project_id=project_id, source_name="ratings.jsonl", actor_id=None)
    with database.reading() as session:
        return full_report(session, project_id)


def check_alphas(found: CalibrationReport, folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())["criteria"]
    assert {line.criterion.key for line in found.criteria} == set(expected) - {"(pooled)"}
    for line in found.criteria:
        theirs, figures = expected[line.criterion.key], line.figures
        assert figures.alpha.value == pytest.approx(theirs["alpha_ordinal"], abs=1e-9)
        assert figures.alpha_nominal.value == pytest.approx(theirs["alpha_nominal"], abs=1e-9)
        assert figures.alpha_interval.value == pytest.approx(theirs["alpha_interval"], abs=1e-9)
        assert figures.is_checked
        assert line.n_ratings == theirs["ratings"]


def test_mqm_small_has_the_published_alphas_and_44_spans_in_36_cases(database: Database, shared: Path) -> None:
    found = loaded(database, shared / "data/mqm_small")
    check_alphas(found, shared / "data/mqm_small")
    assert found.as_dict()["flags"] == {
        "n_item_criteria": 44,
        "n_cases": 36,
        "by_flag": {"span": 44, "critical": 0, "applicability": 0, "no_consensus": 0, "influence": 0, "pass_flip": 0},
    }
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 36
        flags = session.scalars(sa.select(CaseCriterion.flags)).all()
    assert len(flags) == 44
    assert all(raised == ["span"] for raised in flags)


@pytest.mark.parametrize("name", ["ttcw", "recipes", "lamp50", "wmt23_mqm_ende"])
def test_other_real_data_has_the_published_alphas(sqlite_database: Database, shared: Path, name: str) -> None:
    check_alphas(loaded(sqlite_database, shared / "data" / name), shared / "data" / name)
