"""Taking up another rubric version half way."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.models import Batch, BatchState
from evalhub.projects.schema import OverlapPlan
from evalhub.projects.service import close_project
from evalhub.review.jobs import sweep
from evalhub.review.models import Adoption, Assignment, AssignmentState, Purpose, Task
from evalhub.review.queries.adoption import AdoptionPlan, adoption_plan, adoptions_of
from evalhub.review.queries.assignments import desk_of
from evalhub.review.schema import Changed, Lease
from evalhub.review.service import adopt as adopting
from evalhub.review.service.adopt import AdoptionRequest, adopt, finish_adoptions
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from tests.review.test_queue import GOOD, assert_sound
from tests.world import MOMENT, RUBRIC, World, a_project

SECOND = RUBRIC.replace(b"version: 1", b"version: 2").replace(b"title: Accuracy,", b"title: Is it right?,")
THIRD = RUBRIC.replace(b"version: 1", b"version: 3").replace(b"title: Clarity,", b"title: Is it clear?,")
ONCE = OverlapPlan(base=1)


def with_versions(world: World, *sources: bytes) -> World:
    for source in sources or (SECOND,):
        write(
            lambda session, source=source: (
                add_rubric(session, source, source_name="r.yaml", actor_id=None, now=MOMENT).version.number
            ),
            on=world.database,
        )
    return world


def take_up(world: World, version: int = 2, changed: Changed = Changed.REGRADE, n: int | None = None) -> int:
    request = AdoptionRequest(version, changed, "accuracy asked two things at once", n)
    return adopt(world.database, world.project.id, request).regrades


def plan_of(world: World, version: int = 2) -> AdoptionPlan:
    with world.database.reading() as session:
        project = session.merge(world.project, load=False)
        session.refresh(project)
        return adoption_plan(session, project, version)


def grade(world: World, login: str, n: int) -> None:
    """Submit so many; the reviewer is left with a lease of the next."""
    for _ in range(n):
        lease = world.claim(login)
        assert lease is not None
        submit_all(world, login, lease)


def submit_all(world: World, login: str, lease: Lease, level: str = "adequate") -> None:
    with world.database.reading() as session:
        rubric = desk_of(session, lease.assignment, world.people[login].id).rubric
    scores = {criterion.key: level for criterion in rubric.criteria}
    world.submit(login, lease, scores, rubric_version=rubric.version)


def tasks(world: World) -> Counter[tuple[Purpose, int]]:
    """How many tasks of a purpose ask by a version."""
    with world.database.reading() as session:
        return Counter(
            session.execute(
                sa.select(Task.purpose, RubricVersion.number)
                .join(RubricVersion, RubricVersion.id == Task.rubric_version_id)
                .where(Task.project_id == world.project.id)
            ).all()
        )


def regrades(world: World) -> list[Task]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(Task).where(Task.purpose == Purpose.REGRADE).order_by(Task.id)))


def test_what_nobody_has_touched_moves_and_what_was_begun_is_asked_again(database: Database) -> None:
    world = with_versions(a_project(database, items=10, overlap=ONCE))
    grade(world, "ann", 3)
    assert take_up(world) == 4
    assert tasks(world) == {(Purpose.LIVE, 1): 4, (Purpose.LIVE, 2): 6, (Purpose.REGRADE, 2): 4}
    assert {tuple(task.criteria or ()) for task in regrades(world)} == {("accuracy",)}
    assert_sound(world)


def test_a_regrade_asks_only_what_changed_and_comes_first(database: Database) -> None:
    world = with_versions(a_project(database, items=3, overlap=ONCE))
    grade(world, "ann", 1)
    take_up(world)
    lease = world.claim("ben")
    assert lease is not None
    with world.database.reading() as session:
        desk = desk_of(session, lease.assignment, world.people["ben"].id)
        assert desk.task.purpose is Purpose.REGRADE
        assert [criterion.key for criterion in desk.rubric.criteria] == ["accuracy"]
    with pytest.raises(BadInput):
        world.submit("ben", lease, GOOD, rubric_version=2)
    world.submit("ben", lease, {"accuracy": "excellent"}, rubric_version=2)
    assert_sound(world)


def test_a_sample_regrades_so_many_and_each_model_gives_its_share(database: Database) -> None:
    world = with_versions(a_project(database, items=12, overlap=ONCE))
    grade(world, "ann", 12)
    assert take_up(world, changed=Changed.SAMPLE, n=3) == 3
    assert tasks(world) == {(Purpose.LIVE, 1): 12, (Purpose.REGRADE, 2): 3}


def test_kept_items_get_no_regrade(database: Database) -> None:
    world = with_versions(a_project(database, items=4, overlap=ONCE))
    grade(world, "ann", 1)
    assert take_up(world, changed=Changed.KEEP) == 0
    assert tasks(world) == {(Purpose.LIVE, 1): 2, (Purpose.LIVE, 2): 2}


def test_a_lease_that_runs_finishes_on_its_version(database: Database) -> None:
    world = with_versions(a_project(database, items=2, overlap=OverlapPlan(base=2)))
    lease = world.claim("ann")
    assert lease is not None
    take_up(world)
    world.submit("ann", lease, GOOD)
    with world.database.reading() as session:
        asked = session.scalars(
            sa.select(RubricVersion.number)
            .join(Task, Task.rubric_version_id == RubricVersion.id)
            .where(Task.id == lease.task_id)
        ).one()
    assert asked == 1
    assert_sound(world)


def test_adopting_the_first_version_again_asks_nothing_that_was_answered(database: Database) -> None:
    world = with_versions(a_project(database, items=6, overlap=ONCE))
    grade(world, "ann", 1)
    take_up(world)
    grade(world, "ben", 3)  # both regrades and an item by version 2, of which another is in hand
    assert take_up(world, 1) == 2
    asked_again = [task for task in regrades(world) if task.is_open]
    assert {tuple(task.criteria or ()) for task in asked_again} == {("accuracy",)}
    assert tasks(world) == {
        (Purpose.LIVE, 1): 4,
        (Purpose.LIVE, 2): 2,
        (Purpose.REGRADE, 2): 2,
        (Purpose.REGRADE, 1): 2,
    }
    assert_sound(world)


def test_a_waiting_regrade_stands_while_its_question_does_and_is_held_when_that_changes_too(
    database: Database,
) -> None:
    third = THIRD.replace(b"title: Accuracy,", b"title: Is it right?,")
    fourth = third.replace(b"version: 3", b"version: 4").replace(b"title: Is it right?,", b"title: Is it true?,")
    world = with_versions(a_project(database, items=1, overlap=ONCE), SECOND, third, fourth)
    grade(world, "ann", 1)
    take_up(world)
    take_up(world, 3)
    assert [(task.criteria, task.held) for task in regrades(world)] == [(["accuracy"], False), (["clarity"], False)]
    take_up(world, 4)
    assert [(task.criteria, task.held) for task in regrades(world)] == [
        (["accuracy"], True),
        (["clarity"], False),
        (["accuracy"], False),
    ]
    assert_sound(world)


def test_whoever_an_item_is_kept_from_is_not_handed_its_regrade(database: Database) -> None:
    world = with_versions(a_project(database, items=1, overlap=ONCE))
    grade(world, "ann", 1)

    def exclude(session: sa.orm.Session) -> None:
        ben = world.people["ben"].id
        task = session.scalars(sa.select(Task)).one()
        session.add(
            Assignment(
                project_id=task.project_id, task_id=task.id, reviewer_id=ben, state=AssignmentState.EXCLUDED, slot=None
            )
        )

    write(exclude, on=database)
    take_up(world)
    assert world.claim("ben") is None
    assert world.claim("ann") is not None


def test_the_plan_says_beforehand_what_adopting_does(database: Database) -> None:
    world = with_versions(a_project(database, items=10, overlap=ONCE))
    grade(world, "ann", 4)
    plan = plan_of(world)
    assert (plan.untouched, plan.begun, plan.complete, plan.leases) == (5, 5, 4, 1)
    assert (plan.difference.carried_over, plan.difference.changed) == (("clarity",), ("accuracy",))
    assert [plan.items(changed, 2) for changed in Changed] == [5, 2, 0]
    assert plan.share == 0.5
    assert take_up(world) == plan.items(Changed.REGRADE)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (AdoptionRequest(2, Changed.KEEP, " "), BadInput),
        (AdoptionRequest(2, Changed.SAMPLE, "why"), BadInput),
        (AdoptionRequest(2, Changed.KEEP, "why", 3), BadInput),
        (AdoptionRequest(1, Changed.KEEP, "why"), Conflict),
        (AdoptionRequest(9, Changed.KEEP, "why"), NotFound),
    ],
)
def test_what_cannot_be_adopted_changes_nothing(
    sqlite_database: Database, asked: AdoptionRequest, error: type[Exception]
) -> None:
    world = with_versions(a_project(sqlite_database))
    with pytest.raises(error):
        adopt(sqlite_database, world.project.id, asked)
    assert tasks(world) == {(Purpose.LIVE, 1): 3}


def test_a_closed_project_adopts_nothing(sqlite_database: Database) -> None:
    world = with_versions(a_project(sqlite_database))
    write(lambda session: close_project(session, world.project.id, by=None, now=MOMENT), on=sqlite_database)
    with pytest.raises(Conflict, match="closed"):
        take_up(world)


def test_an_adoption_that_was_stopped_half_way_is_finished_by_the_sweep(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is handed out meanwhile."""
    world = with_versions(a_project(sqlite_database, items=8, overlap=ONCE))
    grade(world, "ann", 8)

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("evalhub.review.service.regrade._complete", killed)
        with pytest.raises(Killed):
            take_up(world, changed=Changed.SAMPLE, n=3)
    assert world.claim("ann") is None
    with pytest.raises(Conflict, match="still taking up"):
        take_up(world, 1)
    sweep(sqlite_database)
    assert tasks(world)[Purpose.REGRADE, 2] == 3
    assert world.claim("ann") is not None
    with sqlite_database.reading() as session:
        assert session.scalars(sa.select(Adoption.completed_at)).one() is not None
        states = session.scalars(sa.select(Batch.state)).all()
        assert set(states) == {BatchState.OPEN}


def test_claims_during_an_adoption_keep_every_promise(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, so that claims fall between and into them."""
    monkeypatch.setattr(adopting, "CHUNK", 3)
    world = with_versions(a_project(database, items=24, reviewers=("ann", "ben", "cat"), overlap=OverlapPlan(base=2)))
    begin = threading.Barrier(4)

    def review(login: str) -> None:
        begin.wait()
        for _ in range(10):
            lease = world.claim(login)
            if lease is not None:
                submit_all(world, login, lease)

    def change() -> None:
        begin.wait()
        take_up(world)

    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(review, login) for login in ("ann", "ben", "cat")] + [pool.submit(change)]:
            job.result()
    finish_adoptions(database)
    assert_sound(world)
    found = tasks(world)
    assert found[Purpose.LIVE, 1] == found[Purpose.REGRADE, 2]
    assert found[Purpose.LIVE, 1] + found[Purpose.LIVE, 2] == 24


def test_the_history_names_each_version_that_was_taken_up(sqlite_database: Database) -> None:
    world = with_versions(a_project(sqlite_database, items=1, overlap=ONCE))
    grade(world, "ann", 1)
    take_up(world)
    take_up(world, 1, Changed.KEEP)
    with sqlite_database.reading() as session:
        lines = adoptions_of(session, world.project.id)
    assert [(line.from_version, line.to_version, line.by, line.n_regrades) for line in lines] == [
        (2, 1, None, 0),
        (1, 2, None, 1),
    ]
