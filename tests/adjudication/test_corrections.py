"""What reviewers see of the resolution, and what they may still say."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState, CorrectionState
from evalhub.adjudication.queries import Resolution, resolution_of, settled
from evalhub.adjudication.schema import CorrectionBody
from evalhub.adjudication.service.corrections import (
    CorrectionKey,
    answer_correction,
    send_correction,
)
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.schema import OverlapPlan
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, assignment_of, cases_of, decided, differing, show, the_case
from tests.world import MOMENT, World


def correct(world: World, login: str, case: Case, score: str | None, criterion: str = "accuracy") -> CorrectionKey:
    own = assignment_of(world, login, case)
    assert own is not None
    body = CorrectionBody(criterion=criterion, score=score, reason="I misread the table.")

    def fn(session: Session) -> CorrectionKey:
        sent = send_correction(session, own.public_id, body, by=world.people[login], at=MOMENT)
        return CorrectionKey(sent.reviewer_id, sent.criterion_id, sent.occasion)

    return write(fn, on=world.database)


def answer(world: World, case: Case, which: CorrectionKey, state: CorrectionState) -> None:
    judge = world.people["judy"]
    words = "" if state is CorrectionState.ACCEPTED else "The table says otherwise."

    def fn(session: Session) -> None:
        answer_correction(session, case.public_id, which, answer=state, words=words, by=judge, at=MOMENT)

    write(fn, on=world.database)


def resolution(world: World, login: str, task_id: int) -> Resolution:
    with world.database.reading() as session:
        return resolution_of(session, world.project.id, task_id, world.people[login].id)


def test_the_resolution_tells_the_reviewer_what_was_decided(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    assert resolution(world, "r1", case.task_id).state == "in_adjudication"
    decided(world, "judy", case, a_decision({"accuracy": "excellent"}))
    seen = resolution(world, "r1", case.task_id)
    assert seen.state == "final"
    assert len(seen.decisions) == 1
    assert [(one.criterion.key, one.differs, one.is_disputed) for one in seen.criteria] == [
        ("accuracy", True, True),
        ("clarity", False, False),
    ]
    assert not any(one.differs for one in resolution(world, "r2", case.task_id).criteria)
    with pytest.raises(NotFound):
        resolution(world, "judy", case.task_id)


def test_an_incomplete_item_has_no_outcomes_to_show(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, overlap=OverlapPlan(base=3))
    seen = resolution(world, "r1", 1)
    assert seen.state == "incomplete"
    assert {one.outcome for one in seen.criteria} == {None}


def test_a_correction_is_refused_while_the_review_can_be_reopened(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    with pytest.raises(Conflict) as caught:
        correct(world, "r1", case, "excellent")
    assert caught.value.code == "reopen_instead"
    show(world, "r1", case)
    with pytest.raises(BadInput):
        correct(world, "r1", case, "unacceptable")
    correct(world, "r1", case, "excellent")


def test_an_accepted_correction_that_removes_the_dispute_closes_the_case(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    show(world, "r1", case)
    which = correct(world, "r1", case, "excellent")
    assert the_case(world).state is CaseState.OPEN
    answer(world, case, which, CorrectionState.ACCEPTED)
    assert the_case(world).state is CaseState.CORRECTED
    with database.reading() as session:
        outcome = settled(session, world.project.id, [case.task_id])[case.task_id][which.criterion_id]
    assert (outcome.state, outcome.level, outcome.counts) == ("rated", "excellent", (1, 0, 1))
    with pytest.raises(NotFound):
        answer(world, case, which, CorrectionState.DECLINED)


def test_a_declined_correction_leaves_the_dispute(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    show(world, "r1", case)
    answer(world, case, correct(world, "r1", case, "excellent"), CorrectionState.DECLINED)
    assert the_case(world).state is CaseState.OPEN


def test_a_correction_of_an_undisputed_item_opens_a_case_until_it_is_answered(database: Database) -> None:
    world = differing(database, {}, {}, {})
    place = Case(project_id=world.project.id, task_id=1)
    show(world, "r1", place)
    which = correct(world, "r1", place, "adequate", "clarity")
    case = the_case(world)
    assert case.state is CaseState.OPEN
    answer(world, case, which, CorrectionState.ACCEPTED)
    [case] = cases_of(world)
    assert case.state is CaseState.CORRECTED
