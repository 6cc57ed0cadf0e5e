"""A reviewer's one answer to a decision, and what is new to them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, ResolutionAnswer
from evalhub.adjudication.queries.notices import resolutions_for
from evalhub.adjudication.schema import DecisionBody
from evalhub.adjudication.service.answering import answer_decision, let_stand
from evalhub.adjudication.service.decide import Decided, decide
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, assignment_of, decided, differing, show, the_case
from tests.world import MOMENT, World


@pytest.fixture
def world(database: Database) -> World:
    return differing(database, {"accuracy": "unacceptable"}, {})


def answer(world: World, login: str, case: Case, text: str = "The source says otherwise.") -> None:
    own = assignment_of(world, login, case)
    assert own is not None
    write(lambda s: answer_decision(s, own.public_id, text, by=world.people[login], at=MOMENT), on=world.database)


def leave(world: World, case: Case) -> None:
    write(lambda s: let_stand(s, case.public_id, by=world.people["judy"], at=MOMENT), on=world.database)


def test_a_decision_is_answered_once_and_a_revised_one_once_more(world: World) -> None:
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    show(world, "r1", case)
    answer(world, "r1", case)
    with pytest.raises(Conflict) as caught:
        answer(world, "r1", case, "And another thing.")
    assert caught.value.code == "answered"
    decided(world, "judy", case, a_decision({"accuracy": "excellent"}, revision=1))
    answer(world, "r1", case, "Thank you.")
    with world.database.reading() as session:
        assert session.scalars(sa.select(ResolutionAnswer.revision)).all() == [1, 2]


def test_a_decision_is_answered_by_those_who_have_read_it(world: World) -> None:
    case = the_case(world)
    with pytest.raises(Conflict) as caught:
        answer(world, "r1", case)
    assert caught.value.code == "not_decided"
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    with pytest.raises(Conflict) as caught:
        answer(world, "r1", case)
    assert caught.value.code == "not_shown"
    show(world, "r1", case)
    with pytest.raises(BadInput):
        answer(world, "r1", case, "  ")
    with pytest.raises(NotFound):
        answer(world, "judy", case)


def test_an_adjudicator_lets_the_decision_stand_once(world: World) -> None:
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    for login in ("r1", "r2"):
        show(world, login, case)
        answer(world, login, case)
    leave(world, case)
    with world.database.reading() as session:
        assert None not in session.scalars(sa.select(ResolutionAnswer.read_at)).all()
    with pytest.raises(Conflict):
        leave(world, case)


def test_a_resolution_is_new_until_it_was_looked_at_and_again_when_it_changes(world: World) -> None:
    case = the_case(world)

    def news(login: str) -> int:
        with world.database.reading() as session:
            return len(resolutions_for(session, world.people[login].id))

    def decide_now(body: DecisionBody) -> Decided:
        def fn(session: Session) -> Decided:
            later = now(session) + timedelta(seconds=body.revision)
            return decide(session, case.public_id, body, by=world.people["judy"], at=later)

        return write(fn, on=world.database)

    assert news("r1") == 0
    decide_now(a_decision({"accuracy": "adequate"}))
    assert (news("r1"), news("r2"), news("judy")) == (1, 1, 0)
    show(world, "r1", case)
    assert (news("r1"), news("r2")) == (0, 1)
    decide_now(a_decision({"accuracy": "excellent"}, revision=1))
    assert news("r1") == 1
