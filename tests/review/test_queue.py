"""The claim protocol: exact overlap, nobody twice, nothing lost, whatever happens at once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case
from evalhub.adjudication.service.disputes import disputes_of
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict, Forbidden, Unavailable
from evalhub.projects.schema import OverlapPlan, Rules
from evalhub.projects.service import close_project, remove_member, reopen_project
from evalhub.review.jobs import fold, sweep
from evalhub.review.models import (
    Assignment,
    AssignmentState,
    Draft,
    PatternDelta,
    Queue,
    Rating,
    Review,
    SkipReason,
    Task,
)
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.queries.patterns import pattern_counts, recounted_patterns
from evalhub.review.queries.progress import funnel
from evalhub.review.schema import Lease
from evalhub.review.service.claim import lock_member
from evalhub.review.service.lease import take
from evalhub.review.service.revise import reopen_review
from evalhub.review.service.skip import skip_item
from evalhub.web.session import write
from tests.world import MOMENT, World, a_project

pytestmark = pytest.mark.slow

GOOD = {"accuracy": "excellent", "clarity": "adequate"}


def reviews_by_task(database: Database) -> Counter[int]:
    with database.reading() as session:
        rows = session.execute(sa.select(Assignment.task_id).where(Assignment.state == AssignmentState.SUBMITTED))
        return Counter(rows.scalars())


def let_lapse(database: Database) -> None:
    """All leases ended a minute ago."""
    write(
        lambda session: session.execute(
            sa.update(Assignment)
            .where(Assignment.state == AssignmentState.LEASED)
            .values(leased_until=now(session) - timedelta(minutes=1))
        ),
        on=database,
    )


def skip_by(world: World, login: str, lease: Lease, *, reason: SkipReason = SkipReason.OUTSIDE_MY_FIELD) -> None:
    account = world.people[login]
    skip_item(
        world.database,
        assignment=lease.assignment,
        reviewer_id=account.id,
        reviewer=account.public_id,
        lease=lease.token,
        reason=reason,
        note="",
    )


def assert_sound(world: World) -> None:
    with world.database.reading() as session:
        assert broken_invariants(session, world.project.id) == []


def test_each_item_is_handed_to_exactly_as_many_reviewers_as_planned(database: Database) -> None:
    world = a_project(database, items=5, reviewers=["ann", "ben", "cem"], overlap=OverlapPlan(base=2))
    for login in ("ann", "ben", "cem"):
        world.review_all(login, GOOD)
    assert reviews_by_task(database) == Counter(dict.fromkeys(range(1, 6), 2))
    assert_sound(world)


def test_a_share_of_the_items_gets_more_reviewers(database: Database) -> None:
    world = a_project(database, items=20, overlap=OverlapPlan(base=1, share=0.25, need=2))
    with database.reading() as session:
        needs = Counter(session.scalars(sa.select(Task.need)))
    assert needs == {1: 15, 2: 5}
    world.review_all("ann", GOOD)
    world.review_all("ben", GOOD)
    assert sum(reviews_by_task(database).values()) == 25


def test_a_second_claim_returns_the_lease_already_held(database: Database) -> None:
    world = a_project(database)
    first, second = world.claim("ann"), world.claim("ann")
    assert first is not None
    assert second is not None
    assert (first.assignment, first.token) == (second.assignment, second.token)
    assert (first.is_new, second.is_new) == (True, False)


def test_the_next_task_comes_with_the_submission(database: Database) -> None:
    world = a_project(database)
    lease = world.claim("ann")
    assert lease is not None
    submitted = world.submit("ann", lease, GOOD)
    assert isinstance(submitted.next, Lease)
    again = world.claim("ann")
    assert again is not None
    assert again.assignment == submitted.next.assignment != lease.assignment


def test_a_lapsed_lease_goes_to_others_and_back_to_the_one_who_let_it_lapse(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    lapsed = world.claim("ann")
    assert lapsed is not None
    assert world.claim("ben") is None
    let_lapse(database)
    sweep(database)
    taken = world.claim("ann")
    assert taken is not None
    assert taken.assignment == lapsed.assignment
    assert taken.token != lapsed.token
    let_lapse(database)
    assert world.claim("ben") is not None
    assert world.claim("ann") is None
    assert_sound(world)


def test_late_work_takes_a_slot_that_is_still_free(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    late = world.claim("ann")
    assert late is not None
    let_lapse(database)
    sweep(database)
    assert world.submit("ann", late, GOOD).is_extra is False


def test_late_work_without_a_free_slot_is_kept_as_extra(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1), reviewers=["cem", "dan"])
    late = world.claim("cem")
    assert late is not None
    let_lapse(database)
    sweep(database)
    on_time = world.claim("dan")
    assert on_time is not None
    world.submit("dan", on_time, GOOD)
    assert world.submit("cem", late, GOOD).is_extra is True
    with database.reading() as session:
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)
        planned = session.scalars(sa.select(Rating.planned).where(Rating.reviewer_id == world.people["cem"].id))
        assert set(planned) == {False}
    assert_sound(world)


def test_a_slot_that_comes_back_goes_to_the_extra_review_first(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    late = world.claim("ann")
    assert late is not None
    let_lapse(database)
    on_time = world.claim("ben")
    assert on_time is not None
    assert world.submit("ann", late, GOOD).is_extra is True
    skip_by(world, "ben", on_time)
    with database.reading() as session:
        states = dict(session.execute(sa.select(Assignment.reviewer_id, Assignment.state)).all())
        assert states[world.people["ann"].id] is AssignmentState.SUBMITTED
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id) != {}
    assert_sound(world)


def test_the_same_submission_again_is_one_review(database: Database) -> None:
    world = a_project(database)
    lease = world.claim("ann")
    assert lease is not None
    key = "00000000-0000-4000-8000-000000000001"
    first = world.submit("ann", lease, GOOD, idempotency_key=key)
    second = world.submit("ann", lease, GOOD, idempotency_key=key)
    assert (first.is_replay, second.is_replay) == (False, True)
    assert first.review == second.review
    with pytest.raises(BadInput) as raised:
        world.submit("ann", lease, {**GOOD, "clarity": "excellent"}, idempotency_key=key)
    assert raised.value.code == "idempotency_mismatch"
    with pytest.raises(Conflict) as again:
        world.submit("ann", lease, GOOD)
    assert again.value.code == "already_submitted"
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 1


def test_a_replaced_token_is_a_conflict_and_the_text_is_kept(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    old = world.claim("ann")
    assert old is not None
    let_lapse(database)
    sweep(database)
    world.claim("ann")
    with pytest.raises(Conflict) as raised:
        world.submit("ann", old, GOOD, note="kept")
    assert raised.value.code == "lease"
    with database.reading() as session:
        assert session.scalars(sa.select(Draft.body)).one()["note"] == "kept"


def test_a_reopened_review_stands_until_its_revision_replaces_it(database: Database) -> None:
    world = a_project(database, items=1)
    ann = world.people["ann"]
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, GOOD)

    write(
        lambda s: reopen_review(s, assignment=lease.assignment, reviewer_id=ann.id, reviewer=ann.public_id), on=database
    )
    with database.reading() as session:
        token = session.scalars(sa.select(Assignment.lease).where(Assignment.public_id == lease.assignment)).one()
        assert session.scalars(sa.select(Draft.body)).one()["scores"] == GOOD
        assert sorted(session.scalars(sa.select(Rating.level))) == [1, 2]
    reopened = Lease(lease.project_id, lease.task_id, lease.reviewer_id, lease.assignment, token or "", MOMENT, False)
    result = world.submit("ann", reopened, {"accuracy": "unacceptable", "clarity": None})
    assert result.revision == 2
    with database.reading() as session:
        assert sorted(session.scalars(sa.select(Rating.level)), key=str) == [0, None]
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 2
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)
    fold(database)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PatternDelta)) == 0
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)
    assert_sound(world)


def test_two_skips_as_unreadable_take_an_item_out(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem"], overlap=OverlapPlan(base=2))
    for login in ("ann", "ben"):
        lease = world.claim(login)
        assert lease is not None
        skip_by(world, login, lease, reason=SkipReason.UNREADABLE)
    assert world.claim("cem") is None
    with database.reading() as session:
        assert session.scalars(sa.select(Task.held)).one() is True
    assert_sound(world)


def test_who_leaves_the_project_loses_the_lease_but_not_the_work(database: Database) -> None:
    world = a_project(database, items=2, overlap=OverlapPlan(base=1))
    first = world.claim("ann")
    assert first is not None
    world.submit("ann", first, GOOD)
    held = world.claim("ann")
    assert held is not None
    judy = world.people["judy"]
    write(
        lambda s: remove_member(s, world.project.id, world.people["ann"].id, reason="left", by=judy, now=MOMENT),
        on=database,
    )
    with pytest.raises(Forbidden):
        world.claim("ann")
    with pytest.raises(Forbidden):
        world.submit("ann", held, GOOD)
    assert world.review_all("ben", GOOD) == 1
    assert_sound(world)


def test_a_closed_project_hands_out_nothing_until_it_is_reopened(database: Database) -> None:
    world = a_project(database)
    write(lambda s: close_project(s, world.project.id, by=None, now=MOMENT), on=database)
    assert world.claim("ann") is None
    write(lambda s: reopen_project(s, world.project.id, by=None, now=MOMENT), on=database)
    assert world.claim("ann") is not None


def grade_at_once(
    world: World,
    logins: list[str],
    answer: Callable[[random.Random], dict[str, str]],
    submit: Callable[..., object] = World.submit,
) -> None:
    """All of them grade until nothing is left, a thread each; some let leases lapse, some pass items on."""
    failures: list[Exception] = []

    def work(login: str) -> None:
        chance = random.Random(login)
        try:
            while (lease := world.claim(login)) is not None:
                act = chance.random()
                if act < 0.1:
                    write(
                        lambda s, lease=lease: s.execute(
                            sa.update(Assignment)
                            .where(Assignment.public_id == lease.assignment, Assignment.state == AssignmentState.LEASED)
                            .values(leased_until=now(s) - timedelta(seconds=5))
                        ),
                        on=world.database,
                    )
                    sweep(world.database)
                elif act < 0.13:
                    skip_by(world, login, lease)
                else:
                    submit(world, login, lease, answer(chance))
        except Exception as error:  # noqa: BLE001 -- reported by the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=work, args=(login,)) for login in logins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert [f for f in failures if not isinstance(f, Conflict)] == []
    let_lapse(world.database)
    sweep(world.database)
    for login in logins:
        while (lease := world.claim(login)) is not None:
            submit(world, login, lease, answer(random.Random(lease.task_id)))


@pytest.mark.parametrize("overlap", [2, 3])
def test_sixteen_reviewers_at_once_reach_the_exact_overlap(database: Database, overlap: int) -> None:
    logins = [f"r{i}" for i in range(16)]
    world = a_project(database, items=60, reviewers=logins, overlap=OverlapPlan(base=overlap))
    grade_at_once(world, logins, lambda _: GOOD)
    assert reviews_by_task(database) == Counter(dict.fromkeys(range(1, 61), overlap))
    with database.reading() as session:
        assert pattern_counts(session, world.project.id) == recounted_patterns(session, world.project.id)
        assert session.scalars(sa.select(Queue.last_ord)).one() >= 60
    assert_sound(world)


@pytest.mark.parametrize("reviewers", [3, 12])
def test_disputed_tasks_get_one_more_reviewer_at_most_and_wait_for_nobody(database: Database, reviewers: int) -> None:
    """With three reviewers whoever passes a task on leaves nobody who could come; with twelve hardly ever."""
    logins = [f"r{i}" for i in range(reviewers)]
    world = a_project(database, items=40, reviewers=logins, rules=Rules(one_more=True))

    def answer(chance: random.Random) -> dict[str, str]:
        return {"accuracy": chance.choice(["unacceptable", "excellent", "excellent"]), "clarity": "adequate"}

    grade_at_once(world, logins, answer)
    sweep(database)
    project_id = world.project.id
    with database.reading() as session:
        tasks = session.scalars(sa.select(Task)).all()
        filled = Counter(session.scalars(sa.select(Assignment.task_id).where(Assignment.slot.is_not(None))))
        disputed = {task_id for task_id, one in disputes_of(session, project_id, list(filled)).items() if one.flags}
        assert set(session.scalars(sa.select(Case.task_id))) == disputed
        planned = sa.select(Rating.planned, Assignment.slot).join(
            Assignment, sa.and_(Assignment.task_id == Rating.task_id, Assignment.reviewer_id == Rating.reviewer_id)
        )
        assert set(session.execute(planned.where(Assignment.slot.is_not(None)))) == {(True, 0), (True, 1), (False, 2)}
        assert funnel(session, project_id).one_more == 0
    assert {(task.free_slots, task.slots - task.need) for task in tasks} <= {(0, 0), (0, 1)}
    assert filled == Counter({task.id: task.slots for task in tasks})
    assert disputed
    assert_sound(world)


def test_a_submission_offers_again_what_the_reviewer_once_let_lapse(database: Database) -> None:
    world = a_project(database, items=2, overlap=OverlapPlan(base=1))
    lapsed = world.claim("ann")
    assert lapsed is not None
    let_lapse(database)
    sweep(database)
    held = world.claim("ben")
    while held is not None and held.task_id != lapsed.task_id:  # ben gets what ann let lapse, by passing the other on
        skip_by(world, "ben", held)
        held = world.claim("ben")
    assert held is not None
    other = world.claim("ann")
    assert other is not None
    assert other.task_id != lapsed.task_id
    skip_by(world, "ben", held)
    submitted = world.submit("ann", other, GOOD)
    assert isinstance(submitted.next, Lease)
    assert submitted.next.task_id == lapsed.task_id


def test_a_task_that_became_mine_in_another_way_is_not_taken_twice(database: Database) -> None:
    world = a_project(database, items=1)
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, GOOD)

    def take_again(session: Session) -> None:
        who = lock_member(session, lease.project_id, lease.reviewer_id)
        take(session, session.get_one(Task, (lease.project_id, lease.task_id)), who, now(session))

    with pytest.raises(Unavailable):
        write(take_again, on=database)
    assert reviews_by_task(database) == {lease.task_id: 1}
    assert_sound(world)
