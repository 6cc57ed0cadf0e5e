"""From a settled case an adjudicator goes on to the next."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries.following import next_case
from evalhub.adjudication.service.returning import send_back
from evalhub.db import Database
from evalhub.projects.models import Member
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import Assignment, AssignmentState, SkipReason
from evalhub.web.session import write
from tests.adjudication.worlds import AGREED, a_decision, cases_of, decided, differing, take, the_case
from tests.web.client import Browser, app_for
from tests.world import MOMENT, World, a_project, with_roles

WORST = {**AGREED, "accuracy": "unacceptable"}


@pytest.fixture
def world(database: Database) -> World:
    """Three cases of equal triage, so that the oldest is the most urgent; Jo adjudicates too, beside Judy."""
    made = a_project(database, items=3)
    made.review_all("ann", WORST)
    made.review_all("ben", AGREED)
    with_roles(made, "jo", ProjectRole.ADJUDICATOR)
    return made


def following(world: World, login: str) -> str | None:
    """The public id of the case that somebody goes on to."""
    with world.database.reading() as session:
        found = next_case(session, world.project.id, world.people[login].id)
        return found.public_id if found else None


def in_order(world: World) -> list[Case]:
    return sorted(cases_of(world), key=lambda case: (-case.triage, case.opened_at, case.task_id))


def settle(world: World, login: str, case: Case) -> None:
    take(world, login, case)
    decided(world, login, case, a_decision({"accuracy": "adequate"}))


def test_the_most_urgent_open_case_comes_first_and_after_the_last_none(world: World) -> None:
    for case in in_order(world):
        assert following(world, "judy") == case.public_id
        settle(world, "judy", case)
    assert following(world, "judy") is None


def test_what_another_has_taken_is_left_to_them(world: World) -> None:
    first, second, _ = in_order(world)
    take(world, "jo", first)
    assert following(world, "judy") == second.public_id
    assert following(world, "jo") == first.public_id


def test_a_case_that_waits_for_a_review_is_passed_over(world: World) -> None:
    first, second, _ = in_order(world)
    take(world, "judy", first)
    ann, judy = world.people["ann"], world.people["judy"]
    write(lambda s: send_back(s, first.public_id, ann.id, "Say more.", by=judy, at=MOMENT), on=world.database)
    assert following(world, "judy") == second.public_id


def test_nobody_is_led_to_what_they_graded_or_stand_aside_from(world: World) -> None:
    first, second, _ = in_order(world)
    with_roles(world, "ann", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)
    assert following(world, "ann") is None
    aside = {"state": AssignmentState.SKIPPED, "skip_reason": SkipReason.CONFLICT_OF_INTEREST}
    take(world, "judy", first)
    own = sa.update(Assignment).where(
        Assignment.task_id == first.task_id, Assignment.reviewer_id == world.people["judy"].id
    )
    write(lambda s: s.execute(own.values(**aside)), on=world.database)
    assert following(world, "judy") == second.public_id


def test_the_page_of_a_decided_case_leads_on(world: World) -> None:
    judy = Browser(app_for(world.database)).sign_in_as(world.people["judy"])
    cases = in_order(world)
    for case, after in zip(cases, [*cases[1:], None], strict=True):
        assert f"/cases/{case.public_id}/open" in judy.get("/projects/p/cases").html
        settle(world, "judy", case)
        page = judy.get(f"/cases/{case.public_id}")
        if after is None:
            assert "Back to the cases" in page.text
        else:
            assert f'action="/cases/{after.public_id}/open" data-next-case' in page.html
    assert "Continue" not in judy.get("/projects/p/cases").text


def test_a_manager_who_settles_no_cases_is_led_nowhere(world: World) -> None:
    with_roles(world, "mia", ProjectRole.MANAGER)
    mia = Browser(app_for(world.database)).sign_in_as(world.people["mia"])
    settle(world, "judy", in_order(world)[0])
    for path in (f"/cases/{in_order(world)[0].public_id}", "/projects/p/cases"):
        page = mia.get(path)
        assert [words for words in ("Next case", "Back to the cases", "Continue") if words in page.text] == []


def test_where_no_review_can_be_sent_back_nothing_asks_for_it(sqlite_database: Database) -> None:
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    take(world, "judy", case)
    judy = Browser(app_for(world.database)).sign_in_as(world.people["judy"])
    asks = "Does a review say too little?"
    assert asks in judy.get(f"/cases/{case.public_id}").text
    write(lambda s: s.execute(sa.update(Member).values(is_simulated=True)), on=world.database)
    assert asks not in judy.get(f"/cases/{case.public_id}").text


@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.DECIDED])
def test_whoever_asks_the_owner_reads_what_holds_meanwhile(sqlite_database: Database, state: CaseState) -> None:
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    take(world, "judy", case)
    if state is CaseState.DECIDED:
        decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    judy = Browser(app_for(world.database)).sign_in_as(world.people["judy"])
    path = f"/cases/{case.public_id}/send-to-owner"
    form = judy.get(path)
    judy.post(path, {"text": "Which table counts?"})
    for page in (form, judy.get(f"/cases/{case.public_id}")):
        assert ("The case stays open" in page.text) == (state is CaseState.OPEN)
        assert ("The decision stands" in page.text) == (state is CaseState.DECIDED)
