"""What an export says of a project that took up another rubric version half way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from evalhub.calibration.queries import criteria_of
from evalhub.db import Database
from evalhub.export.schema.options import Options
from evalhub.export.schema.verify import verify_bundle
from evalhub.export.service.bundle import make_bundle
from evalhub.projects.schema import OverlapPlan
from evalhub.reports.queries.compared import compared_items
from evalhub.reports.queries.dashboard import outcome
from evalhub.review.jobs import sweep
from evalhub.review.queries.patterns import pattern_counts
from evalhub.review.queries.progress import funnel
from evalhub.review.schema import Changed
from tests.review.test_adopt import SECOND, grade, submit_all, take_up, with_versions
from tests.review.test_life import withdraw
from tests.review.test_queue import assert_sound
from tests.world import MOMENT, RUBRIC, World, a_project

BOTH = OverlapPlan(base=2)
Lines = list[dict[str, Any]]


def exported(world: World, folder: Path) -> tuple[Lines, Lines, dict[str, Any]]:
    """Items, ratings and manifest of a bundle that verifies."""
    make_bundle(world.database, world.project.id, Options(), folder, by_id=None, now=MOMENT)
    verify_bundle(folder)

    def lines(name: str) -> Lines:
        path = folder / "data" / name
        return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []

    return lines("items.jsonl"), lines("ratings.jsonl"), orjson.loads((folder / "manifest.json").read_bytes())


def counts_of(world: World, key: str) -> Counter[Any]:
    """The pattern counts of a criterion of the current version, as the report pools them."""
    with world.database.reading() as session:
        asked = next(one for one in criteria_of(session, world.project.id) if one.criterion.key == key)
        found = pattern_counts(session, world.project.id)
        return sum((found.get(criterion_id, Counter()) for criterion_id in asked.ids), Counter())


def finish(world: World, level: str = "adequate") -> None:
    for login in ("ann", "ben"):
        while (lease := world.claim(login)) is not None:
            submit_all(world, login, lease, level)


@pytest.fixture
def graded_in_part(database: Database) -> World:
    """Ten items, of which two reviewers have graded four, and hold a fifth each."""
    world = with_versions(a_project(database, items=10, overlap=BOTH))
    for login in ("ann", "ben"):
        grade(world, login, 4)
    return world


def test_a_changed_criterion_regraded_on_a_sample_is_never_pooled_with_the_old_one(
    graded_in_part: World, tmp_path: Path
) -> None:
    world = graded_in_part
    clarity, accuracy = counts_of(world, "clarity"), counts_of(world, "accuracy")
    assert clarity == accuracy != Counter()
    n_regraded = take_up(world, changed=Changed.SAMPLE, n=2)
    assert n_regraded == 2
    assert counts_of(world, "clarity") == clarity
    assert counts_of(world, "accuracy") == Counter()
    finish(world, "excellent")
    assert counts_of(world, "clarity").total() == 10
    assert counts_of(world, "accuracy").total() == 10 - 5 + n_regraded
    items, ratings, manifest = exported(world, tmp_path / "b")
    assert len({item["item_id"] for item in items}) == len(items) == 10
    by_version = Counter(item["rubric_version"] for item in items)
    assert by_version == {1: 5 - n_regraded, 2: 5 + n_regraded}
    n_items = {line["criterion"]: line["n_items"] for line in manifest["agreement"]}
    assert n_items == {"accuracy": 10 - 5 + n_regraded, "clarity": 10}
    assert {rating["rubric_version"] for rating in ratings} == {1, 2}
    assert_sound(world)


def test_an_item_with_a_regraded_criterion_names_the_version_of_each_score(
    graded_in_part: World, tmp_path: Path
) -> None:
    world = graded_in_part
    take_up(world)
    finish(world, "excellent")
    items, _, _ = exported(world, tmp_path / "b")
    carried = [item for item in items if {one["rubric_version"] for one in item["criteria"]} == {1, 2}]
    assert len(carried) == 5
    for item in carried:
        assert item["rubric_version"] == 2
        assert [(one["criterion"], one["rubric_version"]) for one in item["criteria"]] == [
            ("accuracy", 2),
            ("clarity", 1),
        ]
        assert item["criteria"][0]["level"] == "excellent"
        said = Counter((one["criterion"], one["rubric_version"]) for one in item["ratings"])
        assert said == {("accuracy", 1): 2, ("accuracy", 2): 2, ("clarity", 1): 2}


def test_kept_items_stand_under_the_version_that_they_were_graded_on(graded_in_part: World, tmp_path: Path) -> None:
    world = graded_in_part
    take_up(world, changed=Changed.KEEP)
    finish(world)
    items, _, _ = exported(world, tmp_path / "b")
    assert Counter(item["rubric_version"] for item in items) == {1: 5, 2: 5}


def test_an_item_stands_under_its_old_version_until_all_of_the_new_one_is_answered(
    graded_in_part: World, tmp_path: Path
) -> None:
    world = graded_in_part
    take_up(world)
    items, _, _ = exported(world, tmp_path / "b")
    assert {item["rubric_version"] for item in items} == {1}
    assert {one["rubric_version"] for item in items for one in item["criteria"]} == {1}


def test_a_version_that_only_asks_less_or_counts_otherwise_takes_all_items_along(
    sqlite_database: Database, tmp_path: Path
) -> None:
    lighter = RUBRIC.replace(b"version: 1", b"version: 2").replace(b"title: Clarity,", b"title: Clarity, weight: 3,")
    world = with_versions(a_project(sqlite_database, items=3, overlap=BOTH), lighter)
    finish(world)
    assert take_up(world) == 0
    items, _, _ = exported(world, tmp_path / "b")
    assert {item["rubric_version"] for item in items} == {2}
    assert {one["rubric_version"] for item in items for one in item["criteria"]} == {1}


def test_a_removed_criterion_leaves_the_record_and_stays_among_the_ratings(
    sqlite_database: Database, tmp_path: Path
) -> None:
    shorter = SECOND.replace(b"title: Is it right?,", b"title: Accuracy,").rsplit(b"  - {id: clarity", 1)[0]
    world = with_versions(a_project(sqlite_database, items=2, overlap=BOTH), shorter)
    finish(world)
    take_up(world)
    items, ratings, manifest = exported(world, tmp_path / "b")
    assert {one["criterion"] for item in items for one in item["criteria"]} == {"accuracy"}
    assert Counter(rating["criterion"] for rating in ratings) == {"accuracy": 4, "clarity": 4}
    assert {line["criterion"] for line in manifest["agreement"]} == {"accuracy"}


def test_an_item_counts_once_however_often_it_is_asked(graded_in_part: World) -> None:
    world = graded_in_part
    take_up(world)
    finish(world)
    with world.database.reading() as session:
        far = funnel(session, world.project.id)
        assert (far.imported, far.scored, far.regrades, far.regraded) == (10, 10, 5, 5)
        assert (far.slots_done, far.slots_needed) == (30, 30)
        assert outcome(session, world.project.id, far.scored).final == 10
        project = session.merge(world.project, load=False)
        session.refresh(project)
        found = compared_items(session, project, lambda *_: None)
        assert (len(found.task), found.n_other_version) == (10, 0)


def test_what_the_sweep_folds_is_what_the_figures_said(graded_in_part: World) -> None:
    world = graded_in_part
    take_up(world)
    finish(world)
    before = counts_of(world, "accuracy")
    sweep(world.database)
    assert counts_of(world, "accuracy") == before
    assert_sound(world)


def test_a_withdrawn_item_is_left_out_once_however_often_it_was_asked(graded_in_part: World, tmp_path: Path) -> None:
    world = graded_in_part
    take_up(world)
    finish(world)
    withdraw(world)
    items, _, manifest = exported(world, tmp_path / "b")
    assert (len(items), manifest["withdrawn"]) == (9, 1)


def test_an_item_that_a_regrade_answers_in_full_is_compared_whatever_became_of_its_first_grading(
    sqlite_database: Database, tmp_path: Path
) -> None:
    other = SECOND.replace(b"title: Clarity,", b"title: Is it clear?,")
    world = with_versions(a_project(sqlite_database, items=1, overlap=BOTH), other)
    grade(world, "ann", 1)
    take_up(world)
    for login in ("ann", "ben"):
        grade(world, login, 1)
    items, _, _ = exported(world, tmp_path / "b")
    assert [item["state"] for item in items] == ["final"]
    with sqlite_database.reading() as session:
        project = session.merge(world.project, load=False)
        session.refresh(project)
        found = compared_items(session, project, lambda *_: None)
    assert (len(found.task), found.n_unfinished) == (1, 0)
