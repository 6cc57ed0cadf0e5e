"""The report counts what it should, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import AccountKind
from evalhub.calibration.service import full_report
from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.errors import BadInput, NotFound
from evalhub.projects.models import Project
from evalhub.review.models import AssignmentState, Purpose, Queue
from tests import rows
from tests.rows import NOW


def graded(session: Session, levels: list[str], *, need: int = 2) -> Project:
    """A project of one item per entry; "wrong right" are the levels that two reviewers gave."""
    on = rows.dataset(session, len(levels))
    project = rows.project(session, on, rows.rubric_version(session), need=need)
    people = [rows.account(session) for _ in range(2)]
    for task, entry in zip(rows.tasks_of(session, project), levels, strict=True):
        for person, level in zip(people, entry.split(), strict=False):
            answer = None if level == "na" else level
            rows.reviewed(session, task, person, {"accuracy": answer, "style": "good"})
    return project


def test_the_report_holds_alpha_and_flags_of_each_criterion(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["wrong right", "right right", "wrong wrong", "partly partly", "partly na"])
        found = full_report(session, project.id).as_dict()
    accuracy, style = found["criteria"]
    assert accuracy["criterion"] == "accuracy"
    assert accuracy["alpha"]["value"] == pytest.approx(1 - 7 * 50 / 600)
    assert accuracy["distribution"] == [3, 3, 3]
    assert accuracy["not_applicable"]["n"] == 1
    assert style["alpha"]["undefined_because"] == "no_variation"
    assert found["flags"] == {
        "n_item_criteria": 2,
        "n_cases": 2,
        "by_flag": {"span": 1, "critical": 0, "applicability": 1, "no_consensus": 2, "influence": 0, "pass_flip": 0},
    }


def test_only_planned_ratings_of_people_on_live_work_count(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["right right", "wrong wrong"])
        before = full_report(session, project.id)
        first = rows.tasks_of(session, project)[0]
        judge = rows.account(session, kind=AccountKind.MODEL)
        rows.reviewed(session, first, judge, {"accuracy": "wrong"}, state=AssignmentState.MODEL)
        rows.reviewed(session, first, rows.account(session), {"accuracy": "wrong"}, state=AssignmentState.EXTRA)
        _practice(session, project)
        graded(session, ["wrong right"])
        after = full_report(session, project.id)
    assert after.notes == ("Left out of every figure: 1 review that came after the lease had ended.",)
    assert replace(after, made_at=before.made_at, notes=()) == before


def _practice(session: Session, project: Project) -> None:
    queue = session.scalars(sa.select(Queue).where(Queue.project_id == project.id)).one()
    item = session.scalars(sa.select(Item).where(Item.dataset_id == project.dataset_id, Item.id == 1)).one()
    task = rows.task(project, queue, item, need=2, purpose=Purpose.PRACTICE)
    task.id = task.ord = 100
    session.add(task)
    session.flush()
    for level in ("wrong", "right"):
        rows.reviewed(session, task, rows.account(session), {"accuracy": level})


def test_withdrawn_items_leave_the_figures(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["right right", "wrong right", "wrong wrong"])
        session.execute(
            sa.update(Item).where(Item.dataset_id == project.dataset_id, Item.id == 2).values(withdrawn_at=NOW)
        )
        found = full_report(session, project.id)
    assert found.n_items == 2
    assert found.criteria[0].figures.alpha.value == 1.0
    assert found.n_flagged == 0


def test_tasks_that_still_wait_for_a_reviewer_are_not_flagged(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["wrong right"], need=3)
        found = full_report(session, project.id)
    assert found.n_flagged == 0
    assert found.criteria[0].figures.alpha.n_pairable == 1


def test_a_range_is_reported_on_its_values(database: Database) -> None:
    rubric = """\
name: points
version: 1
title: Points
criteria:
- id: points
  title: Points
  scale: interval
  range: {min: 0, max: 10, step: 0.5}
"""
    with database.writing() as session:
        on = rows.dataset(session, 3)
        project = rows.project(session, on, rows.rubric_version(session, rubric), need=2)
        people = [rows.account(session) for _ in range(2)]
        for task, pair in zip(rows.tasks_of(session, project), [(1, 1.5), (5, 5), (9, 8.5)], strict=True):
            for person, value in zip(people, pair, strict=True):
                rows.reviewed(session, task, person, {"points": value})
        figures = full_report(session, project.id).criteria[0].figures
    assert figures.scale == "interval"
    assert figures.alpha.value is not None
    assert figures.alpha.value > 0.95
    assert figures.is_checked


def test_the_report_can_be_narrowed_by_criterion_and_time(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["right right", "wrong wrong"])
        later = full_report(session, project.id, criterion="accuracy", since=NOW + timedelta(days=1))
        assert [line.criterion.key for line in later.criteria] == ["accuracy"]
        assert later.n_items == 0
        assert full_report(session, project.id, until=NOW + timedelta(days=1)).n_items == 2
        with pytest.raises(BadInput) as refused:
            full_report(session, project.id, since=NOW, until=NOW)
        assert refused.value.faults[0].located("") == "until: must be later than since"
        with pytest.raises(NotFound):
            full_report(session, project.id, criterion="no-such")
