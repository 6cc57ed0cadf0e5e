"""A project whose reviewers differ, for tests of adjudication."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.schema import Cause, DecisionBody
from evalhub.adjudication.service.corrections import show_resolution
from evalhub.adjudication.service.decide import Decided, decide
from evalhub.adjudication.service.reconciling import reconcile
from evalhub.adjudication.service.taking import take_case
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment
from evalhub.web.session import write
from tests.world import MOMENT, World, a_project

AGREED = {"accuracy": "excellent", "clarity": "excellent"}


def differing(database: Database, *answers: Mapping[str, Any], items: int = 1, **more: Any) -> World:
    """A project whose first item got these answers, one reviewer each; all others answer alike on the rest."""
    logins = [f"r{i}" for i in range(1, len(answers) + 1)]
    more.setdefault("overlap", OverlapPlan(base=len(answers)))
    world = a_project(database, items=items, reviewers=logins, **more)
    for login, given in zip(logins, answers, strict=True):
        scores = {"source-id-0": {**AGREED, **given}, **{f"source-id-{i}": AGREED for i in range(1, items)}}
        world.review_all(login, scores)
    return world


def cases_of(world: World) -> list[Case]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(Case).where(Case.project_id == world.project.id).order_by(Case.task_id)))


def the_case(world: World) -> Case:
    [case] = cases_of(world)
    return case


def take(world: World, login: str, case: Case) -> None:
    def fn(session: Session) -> None:
        take_case(session, case.public_id, by=world.people[login], at=MOMENT)

    write(fn, on=world.database)


def show(world: World, login: str, case: Case) -> None:
    """The reviewer looks at what became of the item."""
    own = assignment_of(world, login, case)
    assert own is not None
    write(lambda s: show_resolution(s, own.public_id, by=world.people[login], at=MOMENT), on=world.database)


def place_of(case: Case) -> CasePlace:
    return CasePlace(case.project_id, case.task_id)


def a_decision(scores: Mapping[str, Any], **more: Any) -> DecisionBody:
    return DecisionBody(
        **{
            "scores": dict(scores),
            "rationale": "The second paragraph is wrong.",
            "cause": Cause.REVIEWER_SLIP,
            "revision": 0,
            "idempotency_key": str(uuid.uuid4()),
            **more,
        }
    )


def decided(world: World, login: str, case: Case, body: DecisionBody) -> Decided:
    def fn(session: Session) -> Decided:
        return decide(session, case.public_id, body, by=world.people[login], at=MOMENT)

    return write(fn, on=world.database)


def reconciled(world: World, login: str, case: Case, body: DecisionBody) -> CaseState:
    """The grader answers the case again, as one of those who settle it together."""
    own = assignment_of(world, login, case)
    assert own is not None
    return write(lambda s: reconcile(s, own.public_id, body, by=world.people[login], at=MOMENT), on=world.database)


def assignment_of(world: World, login: str, case: Case) -> Assignment | None:
    with world.database.reading() as session:
        return session.get(Assignment, (case.project_id, case.task_id, world.people[login].id))
