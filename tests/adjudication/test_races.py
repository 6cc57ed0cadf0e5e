"""Several people on one case at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Decision
from evalhub.db import Database
from evalhub.errors import Conflict
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import set_member
from evalhub.review.models import Assignment, AssignmentState, Task
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, decided, differing, take, the_case
from tests.world import MOMENT, World

JUDGES = tuple(f"judge{i}" for i in range(8))


def test_of_eight_first_decisions_at_once_one_stands(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, adjudicators=JUDGES)
    case = the_case(world)

    def settle(login: str) -> bool:
        try:
            decided(world, login, case, a_decision({"accuracy": "adequate"}))
        except Conflict as conflict:
            return conflict.code != "revision"
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(settle, JUDGES)) == 1
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1


def test_nobody_both_claims_and_takes(database: Database) -> None:
    """The task has free slots again; each person tries both at the same time."""
    world = differing(database, {"accuracy": "unacceptable"}, {}, adjudicators=JUDGES)
    case = the_case(world)
    _let_judges_review(world)

    def claim(login: str) -> None:
        world.claim(login)

    def open_it(login: str) -> None:
        with suppress(Conflict):
            take(world, login, case)

    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(act, login) for login in JUDGES for act in (claim, open_it)]:
            future.result()
    with database.reading() as session:
        mine = sa.select(Assignment.state, sa.func.count()).where(
            Assignment.reviewer_id.in_([world.people[login].id for login in JUDGES])
        )
        states = dict(session.execute(mine.group_by(Assignment.state)).all())
    assert set(states) <= {AssignmentState.LEASED, AssignmentState.EXCLUDED}
    assert sum(states.values()) == len(JUDGES)


def _let_judges_review(world: World) -> None:
    def change(session: Session) -> None:
        roles = {ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR}
        for login in JUDGES:
            set_member(session, world.project.id, world.people[login].id, roles, by=None, now=MOMENT)
        session.execute(sa.update(Task).values(slots=10, free_slots=0b1111111100, is_open=True))

    write(change, on=world.database)
