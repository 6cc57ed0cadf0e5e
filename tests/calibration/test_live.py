"""The live figures: the same as those of the full count, from the kept patterns alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from evalhub.calibration.service import full_report, live_report
from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.review.jobs import fold
from evalhub.review.models import AgreementPattern, PatternDelta, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.service.patterns import (
    PatternWatch,
    changes_between,
    counted_ratings,
    level_counts,
    record_changes,
)
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
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
    return differing(database, {"accuracy": "unacceptable"}, {"clarity": None}, {"accuracy": "adequate"}, items=5)


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


def test_an_item_that_is_withdrawn_leaves_the_live_figures_and_a_count_that_still_has_it_is_named(
    world: World,
) -> None:
    def withdraw(session: Session, item_id: int, *, is_watched: bool) -> None:
        task = session.scalars(
            sa.select(Task).where(Task.project_id == world.project.id, Task.item_id == item_id)
        ).one()
        watch = PatternWatch(session, task, level_counts(session, task.rubric_version_id))
        session.execute(sa.update(Item).where(Item.id == item_id).values(withdrawn_at=NOW))
        if is_watched:
            watch.record()

    write(partial(withdraw, item_id=1, is_watched=True), on=world.database)
    with world.database.reading() as session:
        live, full = live_report(session, world.project.id), full_report(session, world.project.id)
        assert broken_invariants(session, world.project.id) == []
    assert live.n_items == full.n_items == 4
    assert [one.figures.alpha if one.figures else None for one in live.criteria] == [
        one.figures.alpha for one in full.criteria
    ]
    write(partial(withdraw, item_id=2, is_watched=False), on=world.database)
    with world.database.reading() as session:
        named = broken_invariants(session, world.project.id)
    assert len(named) == 2
    assert all("the kept pattern counts differ from the ratings" in sentence for sentence in named)


def test_a_changed_count_is_named(world: World) -> None:
    fold(world.database)

    def change(session: Session) -> int:
        row = session.scalars(sa.select(AgreementPattern).order_by(AgreementPattern.criterion_id)).first()
        assert row is not None
        row.n += 1
        return row.criterion_id

    criterion_id = write(change, on=world.database)
    with world.database.reading() as session:
        named = broken_invariants(session, world.project.id)
    assert named == [f"criterion {criterion_id}: the kept pattern counts differ from the ratings"]
