"""Handing out more items to two reviewers."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from evalhub.audit.models import AuditEvent
from evalhub.calibration.queries import is_complete
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict
from evalhub.projects.schema import Candidate, OverlapPlan
from evalhub.projects.service import close_project
from evalhub.review.jobs import sweep
from evalhub.review.models import Assignment, AssignmentState, Purpose, Rating, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.queries.more import MoreItems, more_items
from evalhub.review.queries.patterns import pattern_counts, recounted_patterns
from evalhub.review.schema import drawn
from evalhub.review.service.more import hand_out_more
from evalhub.web.session import write
from tests.review.test_queue import GOOD, assert_sound, let_lapse, reviews_by_task
from tests.world import MOMENT, World, a_project

ONCE = OverlapPlan(base=1)


SEEDS = count(7)


def hand_out(world: World, n: int, *, seed: int | None = None) -> int:
    return hand_out_more(world.database, "p", n, seed=next(SEEDS) if seed is None else seed).given


def needs(world: World) -> Counter[int]:
    with world.database.reading() as session:
        return Counter(session.scalars(sa.select(Task.need).where(Task.project_id == world.project.id)))


def left(world: World) -> MoreItems:
    with world.database.reading() as session:
        return more_items(session, world.project)


def complete_tasks(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Task).where(is_complete())) or 0


@given(
    strata=st.lists(st.sampled_from("abcd"), min_size=1, max_size=40),
    n=st.integers(0, 45),
    seed=st.integers(0, 2**31),
)
def test_a_draw_takes_as_many_as_asked_and_gives_every_stratum_its_share(strata: list[str], n: int, seed: int) -> None:
    candidates = [Candidate(i, f"item{i}", f"item{i}", stratum) for i, stratum in enumerate(strata)]
    chosen = drawn(candidates, n, seed)
    assert len(chosen) == len(set(chosen)) == min(n, len(strata))
    assert chosen == drawn(candidates, n, seed)
    taken = Counter(strata[i] for i in chosen)
    for stratum, size in Counter(strata).items():
        assert abs(taken[stratum] - min(n, len(strata)) * size / len(strata)) < 1


def test_an_item_alone_in_its_stratum_is_drawn_as_often_as_any_other() -> None:
    candidates = [Candidate(i, f"item{i}", f"item{i}", "a" if i == 0 else "b") for i in range(10)]
    times = Counter(i for seed in range(2000) for i in drawn(candidates, 3, seed))
    assert all(540 < times[i] < 660 for i in range(10)), times


def test_items_with_one_review_get_a_second_that_counts(database: Database) -> None:
    world = a_project(database, items=8, overlap=ONCE, reviewers=["ann", "ben"])
    for _ in range(5):
        lease = world.claim("ann")
        assert lease is not None
        world.submit("ann", lease, GOOD)
    assert (left(world).graded, left(world).waiting) == (5, 3)
    assert hand_out(world, 4) == 4
    assert needs(world) == {1: 4, 2: 4}
    assert complete_tasks(world) == 1
    assert_sound(world)

    assert world.review_all("ann", GOOD) == 3
    assert world.review_all("ben", GOOD) == 4
    by_task = reviews_by_task(database)
    with database.reading() as session:
        raised = set(session.scalars(sa.select(Task.id).where(Task.need == 2)))
        assert set(session.scalars(sa.select(Rating.planned))) == {True}
        pairs = Counter(sum(vector) for vector in pattern_counts(session, world.project.id)[1].elements())
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)
    assert {task for task, n in by_task.items() if n == 2} == raised
    assert pairs[2] == 4
    assert complete_tasks(world) == 8
    assert_sound(world)


def test_items_that_wait_are_taken_where_too_few_have_their_review(database: Database) -> None:
    world = a_project(database, items=5, overlap=ONCE)
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, GOOD)
    assert hand_out(world, 3) == 3
    with database.reading() as session:
        assert session.get_one(Task, (lease.project_id, lease.task_id)).need == 2
    assert hand_out(world, 5) == 2
    with pytest.raises(Conflict) as refused:
        hand_out(world, 1)
    assert refused.value.code == "nothing_left"


def test_nothing_is_handed_out_that_no_second_reviewer_could_take(database: Database) -> None:
    alone = a_project(database, items=3, overlap=ONCE, reviewers=["ann"])
    assert left(alone).most == 0
    with pytest.raises(Conflict):
        hand_out(alone, 1)


def test_a_number_that_makes_no_sense_and_a_closed_project_are_refused(database: Database) -> None:
    world = a_project(database, items=3, overlap=ONCE)
    for n in (0, -1, 1001):
        with pytest.raises(BadInput):
            hand_out(world, n)
    write(lambda s: close_project(s, world.project.id, by=None, now=MOMENT), on=database)
    with pytest.raises(Conflict) as refused:
        hand_out(world, 1)
    assert refused.value.code == "project_state"
    assert needs(world) == {1: 3}


def test_the_same_draw_asked_for_by_several_clicks_is_made_once(database: Database) -> None:
    world = a_project(database, items=9, overlap=ONCE)
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda _: hand_out(world, 3, seed=5), range(4)))
    assert (given, needs(world)) == ([3, 3, 3, 3], {1: 6, 2: 3})
    assert hand_out(world, 9, seed=6) == 6
    assert hand_out(world, 3, seed=5) == 3
    assert needs(world) == {2: 9}


def test_a_criterion_that_the_rubric_lacks_is_refused(database: Database) -> None:
    world = a_project(database, items=2, overlap=ONCE)
    with pytest.raises(BadInput) as refused:
        hand_out_more(database, "p", 1, seed=1, criterion="clarty")
    assert refused.value.faults[0].message == 'the rubric has no criterion "clarty"'
    assert needs(world) == {1: 2}


def test_held_settled_and_already_paired_items_are_left_alone(database: Database) -> None:
    world = a_project(database, items=6, overlap=OverlapPlan(base=1, share=1 / 6, need=2))

    def change(session: sa.orm.Session) -> None:
        once = session.scalars(sa.select(Task).where(Task.need == 1).order_by(Task.id)).all()
        once[0].held, once[0].is_open = True, False
        once[1].settled_at = MOMENT
        once[2].slots, once[2].free_slots = 2, 0b11  # one more reviewer was asked for already

    write(change, on=database)
    assert hand_out(world, 6) == 2
    assert needs(world) == {1: 3, 2: 3}


def test_an_extra_review_of_a_drawn_item_becomes_the_planned_second(database: Database) -> None:
    world = a_project(database, items=1, overlap=ONCE, reviewers=["ann", "ben", "cem"])
    late = world.claim("ann")
    assert late is not None
    let_lapse(database)
    sweep(database)
    world.review_all("ben", GOOD)
    assert world.submit("ann", late, GOOD).is_extra is True
    assert hand_out(world, 1) == 1
    with database.reading() as session:
        assert set(session.scalars(sa.select(Rating.planned))) == {True}
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)
    assert complete_tasks(world) == 1
    assert_sound(world)


def test_the_log_keeps_the_seed_and_the_count(database: Database) -> None:
    world = a_project(database, items=4, overlap=ONCE)
    hand_out(world, 2, seed=99)
    with database.reading() as session:
        body = session.scalars(sa.select(AuditEvent.body).where(AuditEvent.action == "project.more_handed_out")).one()
    assert '"payload":{"asked":2,"criterion":"","given":2,"seed":99}' in body


def test_the_hours_are_those_of_the_median_pace() -> None:
    assert MoreItems(5, 3, ("Ann",), 90.0).hours(40) == 1.0
    assert MoreItems(5, 3, ("Ann",), None).hours(40) is None


def test_the_pace_is_that_of_the_work_that_counts(database: Database) -> None:
    world = a_project(database, items=2, overlap=OverlapPlan(base=1))
    world.review_all("ann", GOOD)

    def set_apart(session: Session) -> None:
        first, second = session.scalars(sa.select(Assignment).order_by(Assignment.task_id))
        first.active_seconds, second.active_seconds = 10.0, 400.0
        session.get_one(Task, (second.project_id, second.task_id)).purpose = Purpose.PRACTICE

    write(set_apart, on=database)
    with database.reading() as session:
        assert more_items(session, world.project).median_seconds == 10.0


def test_overlap_stays_exact_while_many_grade_and_more_is_handed_out(database: Database) -> None:
    logins = [f"r{i}" for i in range(8)]
    world = a_project(database, items=40, reviewers=logins, overlap=ONCE)
    failures: list[Exception] = []

    def work(act: object) -> None:
        try:
            assert callable(act)
            act()
        except Exception as error:  # noqa: BLE001 -- reported by the thread that waits
            failures.append(error)

    acts = [partial(world.review_all, login, GOOD) for login in logins]
    acts += [partial(hand_out, world, 8, seed=seed) for seed in (1, 2)]
    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert [failure for failure in failures if not isinstance(failure, Conflict)] == []
    for login in logins:
        world.review_all(login, GOOD)
    with database.reading() as session:
        planned = dict(session.execute(sa.select(Task.id, Task.need)).all())
        assert set(planned.values()) <= {1, 2}
        assert 2 in planned.values()
        assert broken_invariants(session, world.project.id) == []
        extra = session.scalars(sa.select(Assignment.state).where(Assignment.state == AssignmentState.EXTRA)).all()
    assert reviews_by_task(database) == planned
    assert extra == []
