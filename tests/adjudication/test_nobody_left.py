"""Cases that every adjudicator graded: reconciliation, a manager's exception, and their traces."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from evalhub.adjudication.models import Case, CaseState, Decision, Reconciliation
from evalhub.adjudication.queries import settled
from evalhub.adjudication.queries.cases import Standing, standing
from evalhub.adjudication.queries.nobody import is_stuck
from evalhub.adjudication.queries.notices import reconciliations_for
from evalhub.adjudication.service.exceptions import ask_to_reconcile, grant_exception
from evalhub.db import Database
from evalhub.errors import Conflict, NotFound
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import Assignment, Task
from evalhub.web.session import write
from tests.adjudication.worlds import (
    a_decision,
    assignment_of,
    decided,
    differing,
    place_of,
    reconciled,
    show,
    the_case,
)
from tests.world import MOMENT, World, with_roles

WHY = "Everybody who knows the field has graded it."
EVERY_ROLE = (ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER)


@pytest.fixture
def world(database: Database) -> World:
    """The only adjudicator, who also manages, graded the item."""
    found = differing(database, {"accuracy": "unacceptable"}, {}, adjudicators=())
    with_roles(found, "r1", *EVERY_ROLE)
    return found


def stuck(world: World) -> bool:
    with world.database.reading() as session:
        return is_stuck(session, place_of(the_case(world)))


def ask(world: World, case: Case, by: str = "r1") -> None:
    write(lambda s: ask_to_reconcile(s, case.public_id, WHY, by=world.people[by], at=MOMENT), on=world.database)


def grant(world: World, case: Case, by: str = "r1") -> None:
    write(lambda s: grant_exception(s, case.public_id, WHY, by=world.people[by], at=MOMENT), on=world.database)


def decisions(world: World) -> list[Decision]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(Decision)))


def test_a_case_is_stuck_while_every_adjudicator_graded_the_item(world: World) -> None:
    assert stuck(world)
    with_roles(world, "r3", ProjectRole.REVIEWER)
    assert stuck(world)
    with_roles(world, "judy", ProjectRole.ADJUDICATOR)
    assert not stuck(world)


def test_a_case_with_an_eligible_adjudicator_gets_no_exception(world: World) -> None:
    with_roles(world, "judy", ProjectRole.ADJUDICATOR)
    for way in (ask, grant):
        with pytest.raises(Conflict) as caught:
            way(world, the_case(world))
        assert caught.value.code == "not_stuck"


def test_graders_who_agree_in_the_end_settle_the_case_and_both_answers_are_kept(world: World) -> None:
    case = the_case(world)
    ask(world, case)
    for login in ("r1", "r2"):
        show(world, login, case)
    first = a_decision({"accuracy": "unacceptable"}, rationale="I still think so.")
    assert reconciled(world, "r1", case, first) is CaseState.OPEN
    second = a_decision({"accuracy": "adequate"}, rationale="Half of it is wrong.")
    assert reconciled(world, "r2", case, second) is CaseState.OPEN
    third = a_decision({"accuracy": "adequate"}, rationale="I can live with half.")
    assert reconciled(world, "r1", case, third) is CaseState.DECIDED
    [decision] = decisions(world)
    assert decision.exception == f"Settled by its 2 reviewers together, because no adjudicator could: {WHY}"
    assert "I can live with half." in decision.rationale
    assert "Half of it is wrong." in decision.rationale
    assert "I still think so." not in decision.rationale
    with world.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Reconciliation)) == 3
        outcomes = settled(session, case.project_id, [case.task_id])[case.task_id]
        outcome = next(one for one in outcomes.values() if one.criterion == "accuracy")
        assert session.scalar(sa.select(Task.settled_at).where(Task.id == case.task_id)) is not None
    assert (outcome.method, outcome.level, outcome.counts) == ("adjudicated", "adequate", (1, 0, 1))
    assert outcome.rationale.startswith("Settled by its 2 reviewers together")


def test_nobody_reconciles_unasked_or_before_they_have_looked(world: World) -> None:
    case = the_case(world)
    with pytest.raises(NotFound):
        reconciled(world, "r1", case, a_decision({"accuracy": "adequate"}))
    ask(world, case)
    with pytest.raises(Conflict) as caught:
        reconciled(world, "r1", case, a_decision({"accuracy": "adequate"}))
    assert caught.value.code == "not_shown"


def test_graders_are_told_until_they_have_answered(world: World) -> None:
    case = the_case(world)

    def told(login: str) -> int:
        with world.database.reading() as session:
            return len(reconciliations_for(session, world.people[login].id))

    assert told("r2") == 0
    ask(world, case)
    assert (told("r1"), told("r2")) == (1, 1)
    show(world, "r2", case)
    reconciled(world, "r2", case, a_decision({"accuracy": "adequate"}))
    assert (told("r1"), told("r2")) == (1, 0)


def test_both_answer_at_once_and_one_decision_stands(world: World) -> None:
    case = the_case(world)
    ask(world, case)
    for login in ("r1", "r2"):
        show(world, login, case)
    with ThreadPoolExecutor(2) as pool:
        ends = [
            pool.submit(reconciled, world, login, case, a_decision({"accuracy": "adequate"})) for login in ("r1", "r2")
        ]
        states = {end.result() for end in ends}
    assert states == {CaseState.OPEN, CaseState.DECIDED}
    assert len(decisions(world)) == 1


def test_an_adjudicator_who_joins_and_the_graders_settle_it_once(world: World) -> None:
    case = the_case(world)
    ask(world, case)
    for login in ("r1", "r2"):
        show(world, login, case)
    reconciled(world, "r1", case, a_decision({"accuracy": "adequate"}))
    with_roles(world, "judy", ProjectRole.ADJUDICATOR)

    def judge() -> bool:
        try:
            decided(world, "judy", case, a_decision({"accuracy": "excellent"}))
        except Conflict:
            return False
        return True

    def agree() -> bool:
        try:
            reconciled(world, "r2", case, a_decision({"accuracy": "adequate"}))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        ends = [future.result() for future in [pool.submit(judge), pool.submit(agree)]]
    assert sorted(ends) == [False, True]
    [decision] = decisions(world)
    assert (decision.exception is None) == ends[0]


def test_a_manager_who_graded_settles_it_by_a_recorded_exception_alone(world: World) -> None:
    case = the_case(world)
    with pytest.raises(NotFound):
        decided(world, "r1", case, a_decision({"accuracy": "adequate"}))
    grant(world, case)
    with world.database.reading() as session:
        assert standing(session, place_of(case), world.people["r1"].id) is Standing.TAKEN
        assert standing(session, place_of(case), world.people["r2"].id) is Standing.BLIND
        own = session.get_one(Assignment, (case.project_id, case.task_id, world.people["r1"].id))
        assert own.others_shown_at is not None
    decided(world, "r1", case, a_decision({"accuracy": "adequate"}))
    [decision] = decisions(world)
    assert decision.exception == f"Settled by a manager, because no adjudicator could: {WHY}"


def test_a_manager_who_has_not_graded_can_never_claim_the_item_after_the_exception(world: World) -> None:
    with_roles(world, "max", ProjectRole.MANAGER, ProjectRole.REVIEWER)
    case = the_case(world)
    grant(world, case, by="max")
    own = assignment_of(world, "max", case)
    assert own is not None
    assert own.state.value == "excluded"
    decided(world, "max", case, a_decision({"accuracy": "adequate"}))
