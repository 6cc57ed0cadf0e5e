from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account, AccountKind
from evalhub.audit.models import AuditEvent
from evalhub.datasets.models import Item
from evalhub.datasets.service import import_items
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.projects.models import Member
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, AssignmentState, Rating, RatingNote, RatingTag, Review, Task
from evalhub.review.queries.patterns import pattern_counts, recounted_patterns
from evalhub.review.service.past_ratings import RatingsResult, import_ratings
from evalhub.review.service.tasks import fill_leftovers
from evalhub.web.session import write
from tests.world import World, a_project

pytestmark = pytest.mark.slow

Importer = Callable[..., RatingsResult]
TABLES = (Account, Member, Assignment, Review, Rating, RatingNote, RatingTag, AuditEvent)


def rating(
    item: int, reviewer: str, level: str = "adequate", criterion: str = "accuracy", **more: Any
) -> dict[str, Any]:
    return {"item_id": f"source-id-{item}", "reviewer": reviewer, "criterion": criterion, "level": level, **more}


@pytest.fixture
def world(database: Database) -> World:
    return a_project(database, items=3, overlap=OverlapPlan(base=2))


@pytest.fixture
def bring(world: World) -> Importer:
    def bring(*ratings: dict[str, Any], **more: Any) -> RatingsResult:
        text = "".join(json.dumps({k: v for k, v in r.items() if v is not None}) + "\n" for r in ratings)
        stream = io.BytesIO(text.encode())
        return import_ratings(
            world.database, stream, project_id=world.project.id, source_name="past.jsonl", actor_id=None, **more
        )

    return bring


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            table.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in TABLES
        }


def task_of(session: Session, item: int) -> Task:
    return session.scalars(
        sa.select(Task)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Item.external_id == f"source-id-{item}")
    ).one()


def assert_patterns_hold(world: World) -> None:
    with world.database.reading() as session:
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)


def test_past_ratings_take_slots_and_count_in_the_figures(world: World, bring: Importer) -> None:
    result = bring(
        rating(0, "r1", "excellent", note="why", tags=None, seconds=30, submitted_at="2024-05-01T10:00:00Z"),
        rating(0, "r1", "adequate", "clarity", tags=["wordy"]),
        rating(0, "r2", "unacceptable"),
        rating(1, "r1"),
        rating(1, "r2", None, "clarity", not_applicable=True),  # type: ignore[arg-type]
    )
    assert (result.added, result.items, result.reviewers) == (5, 2, 2)
    with world.database.reading() as session:
        full, half, untouched = (task_of(session, n) for n in range(3))
        assert (full.free_slots, full.is_open) == (0, False)
        assert (half.free_slots, half.is_open) == (0, False)
        assert (untouched.free_slots, untouched.is_open) == (0b11, True)
        assignments = session.scalars(sa.select(Assignment).where(Assignment.task_id == full.id)).all()
        assert {a.slot for a in assignments} == {0, 1}
        assert {a.state for a in assignments} == {AssignmentState.IMPORTED}
        assert session.scalars(sa.select(RatingNote.text)).all() == ["why"]
        assert session.scalars(sa.select(RatingTag.tag)).all() == ["wordy"]
        assert all(session.scalars(sa.select(Rating.planned)))
        timed = session.scalars(sa.select(Review).where(Review.active_seconds == 30)).one()
        assert timed.submitted_at.isoformat() == "2024-05-01T10:00:00+00:00"
        kinds = session.execute(
            sa.select(Account.display_name, Account.kind).join(Member).where(Member.source_name.is_not(None))
        )
        assert {tuple(row) for row in kinds} == {("r1", AccountKind.IMPORTED), ("r2", AccountKind.IMPORTED)}
    assert_patterns_hold(world)


def test_an_item_may_have_more_past_ratings_than_its_overlap(world: World, bring: Importer) -> None:
    bring(*(rating(0, f"r{n}") for n in range(5)))
    with world.database.reading() as session:
        slots = session.scalars(sa.select(Assignment.slot)).all()
        assert sorted(slots, key=str) == [0, 1, None, None, None]
        assert session.scalar(sa.select(sa.func.count()).where(Rating.planned)) == 5
    assert_patterns_hold(world)


def test_what_is_left_of_the_overlap_is_still_handed_out(world: World, bring: Importer) -> None:
    bring(rating(0, "r1"), rating(0, "r2"), rating(1, "r1"))
    assert world.review_all("ann", {"accuracy": "adequate", "clarity": None}) == 2
    assert world.review_all("ben", {"accuracy": "excellent", "clarity": "adequate"}) == 1
    assert_patterns_hold(world)


def test_ratings_of_models_stand_apart(world: World, bring: Importer) -> None:
    bring(rating(0, "judge-1", kind="model"), rating(0, "r1"))
    with world.database.reading() as session:
        states = session.execute(sa.select(Assignment.state, Assignment.slot).order_by(Assignment.state)).all()
        assert [tuple(row) for row in states] == [(AssignmentState.IMPORTED, 0), (AssignmentState.MODEL, None)]
        assert task_of(session, 0).free_slots == 0b10
        counted = pattern_counts(session, world.project.id)
        assert [sum(vector) for by in counted.values() for vector in by] == [1]
    assert_patterns_hold(world)


def test_the_same_ratings_again_add_nothing(world: World, bring: Importer) -> None:
    given = [rating(0, "r1"), rating(1, "r2", "excellent", "clarity")]
    bring(*given)
    before = counts(world.database)
    result = bring(*given)
    assert (result.added, result.unchanged) == (0, 2)
    assert counts(world.database) == before


def test_a_further_criterion_joins_the_review_that_is_there(world: World, bring: Importer) -> None:
    bring(rating(0, "r1"))
    assert bring(rating(0, "r1"), rating(0, "r1", criterion="clarity")).added == 1
    after = counts(world.database)
    assert (after["assignment"], after["review"], after["rating"]) == (1, 1, 2)
    assert_patterns_hold(world)


def test_another_answer_than_the_stored_one_is_refused_and_named(world: World, bring: Importer) -> None:
    bring(rating(0, "r1"), rating(1, "r1"))
    before = counts(world.database)
    with pytest.raises(BadInput) as caught:
        bring(rating(2, "r1"), rating(0, "r1", "excellent"), rating(1, "r1"), rating(1, "r2"))
    assert [(fault.code, fault.line) for fault in caught.value.faults] == [("content_changed", 2)]
    assert counts(world.database) == before
    assert_patterns_hold(world)


@pytest.mark.parametrize(
    ("bad", "code", "line"),
    [
        (rating(9, "r1"), "unknown_item", 2),
        (rating(0, "r1", "splendid"), "schema", 2),
        (rating(1, "r1", kind="model"), "schema", 2),
        (rating(0, "r1"), "duplicate_rating", 2),
    ],
)
def test_one_bad_line_stores_nothing(world: World, bring: Importer, bad: dict[str, Any], code: str, line: int) -> None:
    before = counts(world.database)
    with pytest.raises(BadInput) as caught:
        bring(rating(0, "r1"), bad, rating(2, "r2"))
    assert [(fault.code, fault.line) for fault in caught.value.faults] == [(code, line)]
    assert counts(world.database) == before


def test_a_second_rating_of_the_same_thing_names_both_lines(bring: Importer) -> None:
    with pytest.raises(BadInput) as caught:
        bring(rating(0, "r1"), rating(1, "r1"), rating(0, "r1", "excellent"))
    (fault,) = caught.value.faults
    assert fault.line == 3
    assert "line 1" in fault.message


def test_a_rating_of_a_criterion_that_does_not_apply_is_refused(database: Database) -> None:
    rubric = b"name: r\nversion: 1\nlevels: [bad, good]\ncriteria: [{id: code, title: Code, applies_to: [code]}]\n"
    items = [
        {"id": f"source-id-{n}", "prompt": "Q", "response": "A", "tags": tags} for n, tags in enumerate(([], ["code"]))
    ]
    world = a_project(database, items=items, rubric=rubric)
    ratings = [rating(n, "r1", "good", "code") for n in range(2)]
    with pytest.raises(BadInput) as caught:
        import_ratings(
            database,
            io.BytesIO("\n".join(map(json.dumps, ratings)).encode()),
            project_id=world.project.id,
            source_name="f",
            actor_id=None,
        )
    assert [fault.line for fault in caught.value.faults] == [1]


def test_a_reviewer_can_be_a_member(world: World, bring: Importer) -> None:
    bring(rating(0, "r1"), rating(0, "r2"), reviewer_map={"r1": "Ann", "unknown": "nobody"})
    with world.database.reading() as session:
        found = session.execute(sa.select(Assignment.reviewer_id, Assignment.state)).all()
        assert (world.people["ann"].id, AssignmentState.IMPORTED) in [tuple(row) for row in found]
        assert session.scalars(sa.select(Member.source_name).where(Member.source_name.is_not(None))).all() == ["r2"]
    assert world.review_all("ann", {"accuracy": "adequate", "clarity": None}) == 2


def test_a_reviewer_map_names_members_and_each_once(world: World, bring: Importer) -> None:
    before = counts(world.database)
    for names in ({"r1": "nobody"}, {"r1": "ann", "r2": "ann"}):
        with pytest.raises(BadInput):
            bring(rating(0, "r1"), rating(0, "r2"), reviewer_map=names)
    assert counts(world.database) == before


def test_what_a_member_has_graded_here_is_not_overwritten(world: World, bring: Importer) -> None:
    lease = world.claim("ann")
    assert lease is not None
    n = int(world.item_of(lease).removeprefix("source-id-"))
    with pytest.raises(BadInput) as caught:
        bring(rating(n, "r1"), reviewer_map={"r1": "ann"})
    assert caught.value.code == "content_changed"


def test_a_check_stores_nothing(world: World, bring: Importer) -> None:
    before = counts(world.database)
    assert bring(rating(0, "r1"), check_only=True).added == 1
    assert counts(world.database) == before


def test_the_later_stages_hear_once_of_the_whole(world: World, bring: Importer) -> None:
    heard: list[Any] = []

    def listen(_session: object, **told: int) -> None:
        heard.append(told)

    with events.task_completed.connected_to(listen), events.ratings_imported.connected_to(listen):
        bring(rating(1, "r1"), rating(0, "r1"), rating(1, "r2"))
        bring(rating(1, "r1"))
    assert heard == [{"project_id": world.project.id}]


def test_csv_is_read_as_well(world: World) -> None:
    text = (
        b"item_id,reviewer,criterion,level,not_applicable,note\n"
        b"source-id-0,r1,accuracy,adequate,,\nsource-id-0,r1,clarity,,true,fine\n"
    )
    result = import_ratings(
        world.database, io.BytesIO(text), project_id=world.project.id, source_name="f", actor_id=None, is_csv=True
    )
    assert result.added == 2


def test_a_large_file_is_imported_in_flat_memory(shared: Path, sqlite_database: Database) -> None:
    folder = shared / "data" / "wmt23_mqm_zhen"
    with (folder / "items.jsonl").open("rb") as stream:
        run = partial(write, on=sqlite_database)
        rubric = (folder / "rubric.yaml").read_bytes()
        import_items(run, stream, dataset_name="p-items", source_name="items.jsonl", actor_id=None)
        first = b'{"id": "only", "prompt": "Q", "response": "A"}'
    world = a_project(sqlite_database, items=[json.loads(first)], rubric=rubric, overlap=OverlapPlan(base=3))
    fill_leftovers(sqlite_database)
    peaks = []
    for ratings in ("warm-up", "all"):
        with (folder / "ratings.jsonl").open("rb") as source:
            stream = io.BytesIO(b"".join(islice(source, 1 if ratings == "warm-up" else 20_000)))
            tracemalloc.start()
            result = import_ratings(
                sqlite_database, stream, project_id=world.project.id, source_name="ratings.jsonl", actor_id=None
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert (result.added, result.unchanged) == (19_999, 1)
    assert peaks[1] < 16 * 1024 * 1024
    assert_patterns_hold(world)
