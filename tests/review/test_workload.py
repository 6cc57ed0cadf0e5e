"""What waits for a reviewer, what they have begun, and when they worked: read as the queue itself reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from evalhub.accounts.schema import Goal
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, Purpose, ReturnedReview, Review, SkipReason, Task
from evalhub.review.queries import workload
from evalhub.review.queries.own_levels import own_levels
from evalhub.review.queries.work import PAUSE, Hours, Stored, WorkSession, hours_since, work_session
from evalhub.review.queries.workload import Waiting, begun_by, done_by, median_seconds, waiting_for
from evalhub.review.schema import DraftBody, Lease
from evalhub.review.service.drafts import save_draft
from evalhub.review.service.revise import reopen_review
from evalhub.review.service.skip import skip_item
from evalhub.review.service.sweep import sweep_leases
from evalhub.web.session import write
from tests import rows
from tests.review.test_indexes import plans_of
from tests.world import MOMENT, World, a_project

ALL_RIGHT = {"accuracy": "excellent", "clarity": "excellent"}


def next_of(world: World, login: str) -> Lease:
    lease = world.claim(login)
    assert lease is not None
    return lease


def waiting(world: World, login: str) -> Waiting:
    with world.database.reading() as session:
        return waiting_for(session, world.project.id, world.people[login].id)


def lapse(world: World, lease: Lease) -> None:
    def fn(session: Session) -> None:
        this = sa.update(Assignment).where(Assignment.public_id == lease.assignment)
        session.execute(this.values(leased_until=MOMENT))
        sweep_leases(session)

    write(fn, on=world.database)


def write_draft(world: World, login: str, lease: Lease, revision: int = 0) -> None:
    reviewer_id = world.people[login].id
    write(
        lambda session: save_draft(
            session,
            assignment=lease.assignment,
            reviewer_id=reviewer_id,
            body=DraftBody(note="So far."),
            expected_revision=revision,
        ),
        on=world.database,
    )


def test_what_waits_is_what_claims_will_give(database: Database) -> None:
    world = a_project(database, items=7, reviewers=["ann", "ben", "cem"], overlap=OverlapPlan(base=2))
    for login, n in (("ann", 2), ("ben", 3)):
        for _ in range(n):
            world.submit(login, next_of(world, login), ALL_RIGHT)
    lapse(world, next_of(world, "cem"))
    for login in ("ann", "ben", "cem"):
        promised = waiting(world, login).items
        with database.reading() as session:
            held = begun_by(session, [world.project.id], world.people[login].id)
        assert len(held) == (login != "cem")
        assert world.review_all(login, ALL_RIGHT) == promised + len(held)
    assert waiting(world, "cem") == Waiting(0, 0, 0, is_exact=True)


def test_what_i_passed_on_does_not_wait_for_me_again(database: Database) -> None:
    world = a_project(database, items=3)
    ann, lease = world.people["ann"], next_of(world, "ann")
    skip_item(
        database,
        assignment=lease.assignment,
        reviewer_id=ann.id,
        reviewer=ann.public_id,
        lease=lease.token,
        reason=SkipReason.OUTSIDE_MY_FIELD,
        note="",
    )
    assert waiting(world, "ann").items == 1
    assert waiting(world, "ben").items == 3


def test_a_long_queue_is_counted_up_to_a_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_project(database, items=5, overlap=OverlapPlan(base=2))
    monkeypatch.setattr(workload, "MOST_COUNTED", 5)
    assert waiting(world, "ann") == Waiting(items=5, reviews=10, sharers=2, is_exact=True)
    monkeypatch.setattr(workload, "MOST_COUNTED", 4)
    assert waiting(world, "ann") == Waiting(items=4, reviews=8, sharers=2, is_exact=False)


@pytest.mark.parametrize(
    ("waits", "days", "pace"),
    [
        (Waiting(10, 20, 2, is_exact=True), 5, 2),
        (Waiting(10, 20, 1, is_exact=True), 5, 2),  # nobody grades an item twice
        (Waiting(10, 10, 4, is_exact=True), 1, 3),
        (Waiting(10, 20, 2, is_exact=True), 0, None),
    ],
)
def test_the_pace_is_my_part_of_what_is_left_a_day(waits: Waiting, days: int, pace: int | None) -> None:
    today = date(2026, 3, 1)
    assert waits.a_day(today + timedelta(days=days - 1), today) == pace


@given(items=st.integers(1, 50), extra=st.integers(0, 150), sharers=st.integers(1, 9), days=st.integers(1, 30))
def test_the_pace_meets_the_due_day(items: int, extra: int, sharers: int, days: int) -> None:
    today = date(2026, 3, 1)
    waits = Waiting(items, items + extra, sharers, is_exact=True)
    pace = waits.a_day(today + timedelta(days=days - 1), today)
    assert pace is not None
    assert pace * days >= min(items, waits.reviews / sharers)


def test_what_is_begun_stands_with_the_lease_first_then_what_was_returned(database: Database) -> None:
    world = a_project(database, items=6)
    ann = world.people["ann"]
    lapsed = next_of(world, "ann")
    write_draft(world, "ann", lapsed)
    with database.reading() as session:
        [one] = begun_by(session, [world.project.id], ann.id)
    assert one.saved_at is not None
    assert one.held_until is not None
    lapse(world, lapsed)
    with database.reading() as session:
        [one] = begun_by(session, [world.project.id], ann.id)
    assert (one.held_until, one.is_reopened) == (None, False)
    returned = next_of(world, "ann")
    world.submit("ann", returned, ALL_RIGHT)
    plain = next_of(world, "ann")
    world.submit("ann", plain, ALL_RIGHT)
    held = next_of(world, "ann")

    def change(session: Session) -> None:
        for lease in (plain, returned):
            reopen_review(session, assignment=lease.assignment, reviewer_id=ann.id, reviewer=ann.public_id)
        session.add(
            ReturnedReview(
                project_id=world.project.id,
                task_id=returned.task_id,
                reviewer_id=ann.id,
                revision=1,
                reason="The note says nothing.",
                returned_by_id=world.people["judy"].id,
                returned_at=MOMENT,
            )
        )

    write(change, on=database)
    with database.reading() as session:
        begun = begun_by(session, [world.project.id], ann.id)
        assert begun_by(session, [world.project.id], world.people["ben"].id) == []
    assert [one.assignment for one in begun] == [held.assignment, returned.assignment, plain.assignment]
    assert begun[1].returned_because == "The note says nothing."
    assert begun[2].is_reopened


def test_my_count_and_median_are_of_my_own_reviews(database: Database) -> None:
    world = a_project(database, items=4)
    world.review_all("ann", ALL_RIGHT)
    world.review_all("ben", ALL_RIGHT)
    ann, project = world.people["ann"].id, world.project.id
    with database.reading() as session:
        assert done_by(session, [project], ann) == {project: 4}
        assert median_seconds(session, project, world.people["judy"].id) is None

    def take_time(session: Session) -> None:
        for task_id, seconds in enumerate((10.0, 20.0, 40.0, 90.0), start=1):
            this = sa.update(Assignment).where(Assignment.task_id == task_id, Assignment.reviewer_id == ann)
            session.execute(this.values(active_seconds=seconds))

    write(take_time, on=database)
    with database.reading() as session:
        assert median_seconds(session, project, ann) == 30.0


def at(minutes: float) -> datetime:
    return MOMENT + timedelta(minutes=minutes)


def reviewed_at(session: Session, *stored: tuple[datetime, float]) -> int:
    """Reviews of one person at these moments with their active seconds; the id of the person."""
    project = rows.project(session, rows.dataset(session, len(stored)), rows.rubric_version(session))
    ann, ben = rows.account(session), rows.account(session)
    for who in (ann, ben):
        rows.member(session, project, who)
    for task, (moment, seconds) in zip(rows.tasks_of(session, project), stored, strict=True):
        made = rows.reviewed(session, task, ann, {"accuracy": "right", "style": "good"}, at=moment)
        made.active_seconds = seconds
        this = sa.update(Review).where(Review.reviewer_id == ann.id, Review.task_id == task.id)
        session.execute(this.values(active_seconds=seconds))
        rows.reviewed(session, task, ben, {"accuracy": "right", "style": "good"}, at=moment)
    session.flush()
    return ann.id


def test_a_session_is_what_was_submitted_since_the_last_pause(database: Database) -> None:
    pause = PAUSE.total_seconds() / 60
    with database.writing() as session:
        ann = reviewed_at(session, (at(0), 50), (at(10), 60), (at(11 + pause), 70), (at(11 + 2 * pause), 80))
        found = work_session(session, ann, at=at(30 + 2 * pause))
        assert (found.live, found.median_seconds) == (Hours(2, 150.0), 75)
        assert found.since == at(11 + pause)
        assert work_session(session, ann, at=at(12 + 3 * pause)).stored == ()


def test_a_session_looks_back_a_day_at_most(database: Database) -> None:
    with database.writing() as session:
        ann = reviewed_at(session, *((at(120 * n), 60) for n in range(20)))
        assert work_session(session, ann, at=at(120 * 19)).live.reviews == 13


def test_a_revision_takes_time_but_is_no_item_more(database: Database) -> None:
    world = a_project(database, items=2)
    ann = world.people["ann"]
    lease = next_of(world, "ann")
    world.submit("ann", lease, ALL_RIGHT)
    write(
        lambda session: reopen_review(session, assignment=lease.assignment, reviewer_id=ann.id, reviewer=ann.public_id),
        on=database,
    )

    def later(session: Session) -> str:
        """The first revision a day ago with 100 s, the second now with 130 s in all."""
        this = (Assignment.public_id == lease.assignment,)
        session.execute(sa.update(Review).values(submitted_at=MOMENT, active_seconds=100.0))
        session.execute(sa.update(Assignment).where(*this).values(active_seconds=130.0, seen_at=None))
        return str(session.scalars(sa.select(Assignment.lease).where(*this)).one())

    token = write(later, on=database)
    again = Lease(lease.project_id, lease.task_id, ann.id, lease.assignment, token, MOMENT, is_new=False)
    world.submit("ann", again, ALL_RIGHT)
    with database.reading() as session:
        moment = session.scalars(sa.select(Assignment.submitted_at).where(Assignment.revision == 2)).one()
        assert moment is not None
        found = work_session(session, ann.id, at=moment)
        assert found.live == Hours(0, 30.0)
        hours = hours_since(session, ann.id, MOMENT + timedelta(minutes=1))
        assert hours.live == {world.project.id: Hours(0, 30.0)}
        assert hours_since(session, ann.id, MOMENT).live == {world.project.id: Hours(1, 130.0)}


def a_session(*stored: tuple[str, bool, float]) -> WorkSession:
    return WorkSession(tuple(Stored(at(n), 1, *one) for n, one in enumerate(stored)))


@pytest.mark.parametrize(
    ("goal", "met_by"),
    [(Goal(kind="items", amount=2), "b"), (Goal(kind="minutes", amount=2), "c"), (Goal(kind="items", amount=4), None)],
)
def test_a_goal_is_met_by_one_submission_alone(goal: Goal, met_by: str | None) -> None:
    stored = [("a", True, 50.0), ("b", True, 50.0), ("a", False, 10.0), ("c", True, 30.0), ("b", False, 1.0)]
    met = [
        assignment
        for n in range(1, len(stored) + 1)
        for assignment in "abc"
        if a_session(*stored[:n]).was_met_by(assignment, goal)
    ]
    assert met == ([met_by] if met_by else [])


def test_both_are_read_by_the_indexes_that_know_the_time_and_the_place(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    world.review_all("ann", ALL_RIGHT)
    ann = world.people["ann"].id

    def look() -> None:
        with sqlite_database.reading() as session:
            work_session(session, ann, at=MOMENT)
            hours_since(session, ann, MOMENT)
        waiting(world, "ben")

    plans = plans_of(sqlite_database, look)
    assert plans.count("assignment_of_reviewer (project_id=? AND reviewer_id=? AND submitted_at>?)") == 2
    assert "task USING INDEX task_open (project_id=? AND queue_id=? AND ord>?)" in plans


def test_practice_is_none_of_the_work_but_gold_looks_like_it(database: Database) -> None:
    world = a_project(database, items=4)
    world.review_all("ann", ALL_RIGHT)

    def turn(session: Session) -> None:
        for task_id, purpose in ((1, Purpose.PRACTICE), (2, Purpose.QUALIFICATION), (3, Purpose.GOLD)):
            session.execute(sa.update(Task).where(Task.id == task_id).values(purpose=purpose))
        for table in (Assignment, Review):
            for task_id, seconds in enumerate((1_000.0, 1_000.0, 30.0, 50.0), start=1):
                session.execute(sa.update(table).where(table.task_id == task_id).values(active_seconds=seconds))

    write(turn, on=database)
    ann, project = world.people["ann"].id, world.project.id
    with database.reading() as session:
        assert done_by(session, [project], ann) == {project: 2}
        assert median_seconds(session, project, ann) == 40.0
        found = work_session(session, ann, at=datetime.now(UTC))
        assert (found.live, found.training) == (Hours(2, 80.0), Hours(2, 2_000.0))
        assert found.done(Goal(kind="items", amount=9)) == 2
        assert found.median_seconds == 40.0
        hours = hours_since(session, ann, MOMENT)
        assert (hours.live, hours.training) == ({project: Hours(2, 80.0)}, {project: Hours(2, 2_000.0)})
        assert [one.n for one in own_levels(session, ann, since=MOMENT)] == [2, 2]


def test_training_and_gold_are_none_of_what_waits(database: Database) -> None:
    world = a_project(database, items=5)

    def turn(session: Session) -> None:
        for task_id, purpose in ((1, Purpose.PRACTICE), (2, Purpose.QUALIFICATION), (3, Purpose.GOLD)):
            session.execute(sa.update(Task).where(Task.id == task_id).values(purpose=purpose))

    write(turn, on=database)
    assert waiting(world, "ann") == Waiting(2, 4, 2, is_exact=True, training=2)
    write(
        lambda session: session.execute(sa.update(Task).where(Task.id > 3).values(is_open=False, held=True)),
        on=database,
    )
    assert waiting(world, "ann").items == 1, "nothing else is left, and a claim would give it"


@pytest.mark.parametrize(
    ("items", "amount", "pace"),
    [(1, "fewer than 10", 2), (9, "fewer than 10", 2), (10, "about 10", 2), (44, "about 40", 8), (45, "about 50", 10)],
)
def test_a_coarse_amount_is_told_in_tens(items: int, amount: str, pace: int) -> None:
    waits = Waiting(items, items, 1, is_exact=True, is_coarse=True)
    assert waits.amount == amount
    assert waits.a_day(date(2026, 3, 5), date(2026, 3, 1)) == pace


def test_what_is_begun_for_training_says_so_and_gold_does_not(database: Database) -> None:
    world = a_project(database, items=1)
    next_of(world, "ann")
    shown = {}
    for purpose in (Purpose.LIVE, Purpose.GOLD, Purpose.PRACTICE, Purpose.QUALIFICATION):
        write(lambda session, to=purpose: session.execute(sa.update(Task).values(purpose=to)), on=database)
        with database.reading() as session:
            [one] = begun_by(session, [world.project.id], world.people["ann"].id)
        shown[purpose] = one.learning
    assert shown == {
        Purpose.LIVE: None,
        Purpose.GOLD: None,
        Purpose.PRACTICE: Purpose.PRACTICE,
        Purpose.QUALIFICATION: Purpose.QUALIFICATION,
    }
