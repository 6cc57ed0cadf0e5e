"""An item that is asked again, in a regrade or a later revision: whoever may answer it reads nothing of its case."""

from __future__ import annotations

import pytest

from evalhub.adjudication.models import Case
from evalhub.adjudication.queries.cases import Standing, standing
from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.review.queries.invariants import broken_invariants
from tests.adjudication.worlds import differing, place_of, take, the_case
from tests.review.test_adopt import take_up, with_versions
from tests.review.test_life import replace
from tests.web.client import Browser, app_for
from tests.world import World, with_roles

BOTH = (ProjectRole.REVIEWER, ProjectRole.MANAGER)


def disputed(database: Database) -> World:
    """A case on the only item; mia manages and reviews, joe decides and reviews, and neither has met it."""
    world = differing(database, {"accuracy": "excellent"}, {"accuracy": "unacceptable"})
    with_roles(world, "mia", *BOTH)
    return with_roles(world, "joe", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)


def standing_of(world: World, login: str, case: Case) -> Standing:
    with world.database.reading() as session:
        return standing(session, place_of(case), world.people[login].id)


def ask_again(world: World, how: str) -> None:
    if how == "regrade":
        take_up(with_versions(world))
    else:
        replace(world)


@pytest.mark.parametrize("how", ["regrade", "revision"])
def test_whoever_may_still_be_asked_again_sees_no_case(database: Database, how: str) -> None:
    world = disputed(database)
    case = the_case(world)
    assert standing_of(world, "mia", case) is Standing.FREE
    ask_again(world, how)
    assert standing_of(world, "mia", case) is Standing.BLIND
    Browser(app_for(database)).sign_in_as(world.people["mia"]).get(f"/cases/{case.public_id}", status=404)
    assert standing_of(world, "judy", case) is Standing.FREE


def test_whoever_takes_a_case_is_not_asked_again(database: Database) -> None:
    world = disputed(database)
    case = the_case(world)
    ask_again(world, "regrade")
    take(world, "joe", case)
    assert standing_of(world, "joe", case) is Standing.TAKEN
    assert world.claim("joe") is None
    assert world.claim("mia") is not None
    with database.reading() as session:
        assert broken_invariants(session, world.project.id) == []


def test_whoever_took_a_case_is_not_asked_by_a_later_regrade(database: Database) -> None:
    world = disputed(database)
    take(world, "joe", the_case(world))
    ask_again(world, "regrade")
    assert world.claim("joe") is None
