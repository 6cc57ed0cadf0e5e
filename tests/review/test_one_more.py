"""A disputed item goes to one more reviewer before it goes to an adjudicator, and waits for nobody who cannot come."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.adjudication.models import CaseState
from evalhub.adjudication.queries.outcomes import settled
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.projects.models import Member
from evalhub.projects.schema import Rules
from evalhub.projects.service import close_project, remove_member
from evalhub.review.jobs import sweep
from evalhub.review.models import Assignment, AssignmentState, Rating, Task
from evalhub.review.queries.patterns import pattern_counts
from evalhub.review.queries.progress import funnel
from evalhub.web.session import write
from tests.adjudication.worlds import AGREED, cases_of, the_case
from tests.review.test_queue import assert_sound, let_lapse, skip_by
from tests.web.client import Browser, a_person, app_for
from tests.world import MOMENT, World, a_project

LOW = {"accuracy": "unacceptable", "clarity": "adequate"}
HIGH = {"accuracy": "excellent", "clarity": "adequate"}


def differing(database: Database, *, reviewers: tuple[str, ...] = ("ann", "ben", "cem"), items: int = 1) -> World:
    """Ann and Ben have graded everything and differ on the first item's accuracy; others may still claim."""
    world = a_project(database, items=items, reviewers=reviewers, rules=Rules(one_more=True))
    rest = {f"source-id-{i}": AGREED for i in range(1, items)}
    world.review_all("ann", {"source-id-0": LOW, **rest})
    world.review_all("ben", {"source-id-0": HIGH, **rest})
    return world


def the_task(world: World) -> Task:
    with world.database.reading() as session:
        return session.scalars(sa.select(Task).where(Task.project_id == world.project.id)).one()


def actions_of(world: World, kind: str) -> list[str]:
    with world.database.reading() as session:
        statement = sa.select(AuditEvent.action).where(AuditEvent.subject_type == kind).order_by(AuditEvent.id)
        return list(session.scalars(statement))


def test_a_dispute_goes_to_one_more_reviewer_and_opens_no_case_yet(database: Database) -> None:
    world = differing(database, items=3)
    assert cases_of(world) == []
    with database.reading() as session:
        again = session.execute(sa.select(Task.need, Task.slots, Task.free_slots).where(Task.is_open)).all()
        found = funnel(session, world.project.id)
    assert again == [(2, 3, 0b100)]
    assert (found.scored, found.in_review, found.one_more, found.slots_done, found.slots_needed) == (2, 1, 1, 6, 7)
    assert actions_of(world, "task") == ["task.one_more_asked"]
    assert_sound(world)


def test_the_case_opens_over_all_answers_when_they_still_differ(database: Database) -> None:
    world = differing(database)
    assert world.review_all("cem", LOW) == 1
    case = the_case(world)
    assert case.state is CaseState.OPEN
    with database.reading() as session:
        outcome, _ = settled(session, case.project_id, [case.task_id])[case.task_id].values()
    assert (outcome.criterion, outcome.n_ratings, outcome.counts) == ("accuracy", 3, (2, 0, 1))
    assert world.claim("cem") is None
    assert_sound(world)


def test_no_case_opens_where_one_more_review_settles_it(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem"], rules=Rules(one_more=True))
    for login, level in (("ann", "adequate"), ("ben", "excellent"), ("cem", "excellent")):
        assert world.review_all(login, {"accuracy": "excellent", "clarity": level}) == 1
    assert cases_of(world) == []
    with database.reading() as session:
        outcomes = settled(session, world.project.id, [1])[1].values()
    assert {(one.criterion, one.level, one.method, one.n_ratings) for one in outcomes} == {
        ("accuracy", "excellent", "unanimous", 3),
        ("clarity", "excellent", "median", 3),
    }


def test_the_rating_beyond_the_plan_enters_no_figure(database: Database) -> None:
    world = differing(database)
    with database.reading() as session:
        before = pattern_counts(session, world.project.id)
    world.review_all("cem", LOW)
    with database.reading() as session:
        assert pattern_counts(session, world.project.id) == before
        planned = session.scalars(sa.select(Rating.planned).where(Rating.reviewer_id == world.people["cem"].id))
        assert set(planned) == {False}


def test_the_case_opens_at_once_where_nobody_is_left_to_ask(database: Database) -> None:
    world = differing(database, reviewers=("ann", "ben"))
    assert the_case(world).state is CaseState.OPEN
    task = the_task(world)
    assert (task.slots, task.free_slots, task.is_open) == (2, 0, False)


def test_one_more_is_asked_once_only(database: Database) -> None:
    world = differing(database, reviewers=("ann", "ben", "cem", "dan"))
    world.review_all("cem", LOW)
    assert world.claim("dan") is None
    assert the_task(world).slots == 3


def test_a_late_review_that_is_there_already_is_the_one_more(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem"], rules=Rules(one_more=True))
    late = world.claim("cem")
    assert late is not None
    let_lapse(database)
    sweep(database)
    held = world.claim("ann")
    assert held is not None
    other = world.claim("ben")
    assert other is not None
    assert world.submit("cem", late, HIGH).is_extra is True
    world.submit("ann", held, LOW)
    world.submit("ben", other, HIGH)
    assert the_case(world).state is CaseState.OPEN
    with database.reading() as session:
        mine = session.execute(
            sa.select(Assignment.state, Assignment.slot).where(Assignment.reviewer_id == world.people["cem"].id)
        ).one()
    assert mine == (AssignmentState.SUBMITTED, 2)
    assert_sound(world)


def test_who_leaves_or_skips_last_keeps_no_task_waiting(database: Database) -> None:
    world = differing(database, reviewers=("ann", "ben", "cem", "dan"))
    judy, dan = world.people["judy"], world.people["dan"]
    lease = world.claim("cem")
    assert lease is not None
    skip_by(world, "cem", lease)
    sweep(database)
    assert cases_of(world) == []
    write(lambda s: remove_member(s, world.project.id, dan.id, reason="left", by=judy, now=MOMENT), on=database)
    sweep(database)
    assert the_case(world).state is CaseState.OPEN
    task = the_task(world)
    assert (task.slots, task.free_slots, task.is_open) == (2, 0, False)
    assert actions_of(world, "task") == ["task.one_more_asked", "task.one_more_given_up"]
    assert_sound(world)


def test_a_lease_that_lapses_is_still_waited_for(database: Database) -> None:
    world = differing(database)
    assert world.claim("cem") is not None
    sweep(database)
    assert cases_of(world) == []
    let_lapse(database)
    sweep(database)
    assert cases_of(world) == []
    assert world.review_all("cem", LOW) == 1
    assert the_case(world).state is CaseState.OPEN


@pytest.mark.parametrize("way", ["closed", "disabled"])
def test_nobody_waits_for_a_closed_project_or_a_disabled_account(database: Database, way: str) -> None:
    world = differing(database)

    def end(session: Session) -> None:
        if way == "closed":
            close_project(session, world.project.id, by=None, now=MOMENT)
        else:
            session.get_one(Account, world.people["cem"].id).disabled_at = MOMENT

    write(end, on=database)
    sweep(database)
    assert the_case(world).state is CaseState.OPEN
    assert_sound(world)


def test_a_review_that_came_back_into_a_slot_can_complete_a_dispute(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem"])
    late = world.claim("ann")
    assert late is not None
    let_lapse(database)
    sweep(database)
    on_time, other = world.claim("ben"), world.claim("cem")
    assert on_time is not None
    assert other is not None
    assert world.submit("ann", late, LOW).is_extra is True
    world.submit("cem", other, HIGH)
    skip_by(world, "ben", on_time)
    assert the_case(world).state is CaseState.OPEN
    assert_sound(world)


def test_projects_that_do_not_ask_open_the_case_at_once(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem"])
    world.review_all("ann", LOW)
    world.review_all("ben", HIGH)
    assert the_case(world).state is CaseState.OPEN


def test_late_work_of_one_more_reviewer_takes_the_slot_that_waits(database: Database) -> None:
    world = differing(database)
    lease = world.claim("cem")
    assert lease is not None
    let_lapse(database)
    sweep(database)
    assert world.submit("cem", lease, LOW).is_extra is False
    assert the_case(world).state is CaseState.OPEN


def test_simulated_reviewers_are_not_waited_for(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem"], rules=Rules(one_more=True))
    this = (Member.project_id == world.project.id, Member.account_id == world.people["cem"].id)
    write(lambda s: s.execute(sa.update(Member).where(*this).values(is_simulated=True)), on=database)
    world.review_all("ann", LOW)
    world.review_all("ben", HIGH)
    assert the_case(world).state is CaseState.OPEN


def test_the_dashboard_tells_managers_and_no_reviewer_what_waits(sqlite_database: Database) -> None:
    world = differing(sqlite_database)
    admin = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    words = ("one more where they differ", "One more reviewer")
    assert all(said in admin.get("/projects/p").text for said in words)
    reviewer = Browser(app_for(sqlite_database)).sign_in_as(world.people["cem"])
    assert not any(said in reviewer.get("/projects/p").text for said in words)
