"""The live figures: the same as those of the full count, from the kept patterns alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from evalhub.calibration.service import full_report, live_report
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.review.jobs import fold
from evalhub.review.models import PatternDelta, Task
from evalhub.review.service.patterns import changes_between, counted_ratings, level_counts, record_changes
from evalhub.rubrics.service import add_rubric
from tests import rows
from tests.adjudication.worlds import differing
from tests.calibration.test_report import graded
from tests.rows import NOW
from tests.world import World


def count_patterns(session: Session, project: Project) -> None:
    """Record the patterns of ratings that were put straight into the tables."""
    for task in rows.tasks_of(session, project):
        counted = counted_ratings(session, project.id, [task.id]).get(task.id, {})
        n_levels = level_counts(session, task.rubric_version_id)
        record_changes(session, project.id, changes_between(task.purpose.value, {}, counted, n_levels))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def world(database: Database) -> World:
    return differing(
        database, {"accuracy": "unacceptable"}, {"clarity": None}, {"accuracy": "adequate"}, {}, {}, items=12
    )


def test_live_figures_equal_those_of_the_ratings_before_and_after_folding(world: World) -> None:
    for _ in range(2):
        with world.database.reading() as session:
            live, full = live_report(session, world.project.id), full_report(session, world.project.id)
            waiting = session.scalar(sa.select(sa.func.count()).select_from(PatternDelta))
        for mine, theirs in zip(live.criteria, full.criteria, strict=True):
            assert mine.figures is not None
            assert mine.figures.alpha == theirs.figures.alpha
            assert mine.figures.verdict == theirs.figures.verdict
            assert mine.figures.distribution == theirs.figures.distribution
        assert (live.n_items, live.n_reviewers) == (full.n_items, full.n_reviewers)
        fold(world.database)
    assert waiting == 0


def test_live_figures_read_neither_ratings_nor_tasks(world: World) -> None:
    with statements(world.database) as seen, world.database.reading() as session:
        live_report(session, world.project.id)
    assert len(seen) <= 8
    for statement in seen:
        assert not re.search(r"\b(FROM|JOIN) (rating|task|assignment|item)\b", statement)


def test_versions_with_the_same_question_are_pooled_and_named(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, ["right right", "wrong wrong", "partly right"])
        count_patterns(session, project)
        reworded = rows.SIMPLE_RUBRIC.replace("version: 1", "version: 2").replace("title: Style", "title: Manner")
        version = add_rubric(session, reworded.encode(), source_name="2.yaml", actor_id=None, now=NOW).version
        session.flush()
        project.rubric_version_id = version.id
        session.flush()
        accuracy, style = live_report(session, project.id).criteria
    assert accuracy.figures is not None
    assert style.figures is not None
    assert (accuracy.versions, accuracy.figures.alpha.n_pairable) == ((1, 2), 3)
    assert (style.versions, style.figures.alpha.n_pairable) == ((2,), 0)


def test_a_range_has_no_live_figures(database: Database) -> None:
    criterion = "{id: p, title: P, scale: interval, range: {min: 0, max: 9}}"
    rubric = f"name: points\nversion: 1\ntitle: P\ncriteria:\n- {criterion}\n"
    with database.writing() as session:
        project = rows.project(session, rows.dataset(session, 2), rows.rubric_version(session, rubric), need=2)
        for task in session.scalars(sa.select(Task).where(Task.project_id == project.id)):
            rows.reviewed(session, task, rows.account(session), {"p": 3})
        (only,) = live_report(session, project.id).criteria
    assert only.figures is None


def test_an_empty_project_has_undefined_figures_with_the_reason(database: Database) -> None:
    with database.writing() as session:
        project = graded(session, [])
        found = live_report(session, project.id)
    assert (found.n_items, found.n_reviewers) == (0, 0)
    assert {one.figures.alpha.undefined_because for one in found.criteria if one.figures} == {"no_pairable_units"}
