"""Items that nobody is left for."""

from __future__ import annotations

from evalhub.accounts.models import Account
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.projects.service import remove_member
from evalhub.review.queries.ending import Leaving, leaving_of, n_in_work
from evalhub.review.queries.stuck import n_stuck
from evalhub.web.session import write
from tests.world import MOMENT, World, a_project

ANSWER = {"accuracy": "adequate", "clarity": "adequate"}


def stuck(world: World, *, without: str | None = None) -> int:
    with world.database.reading() as session:
        return n_stuck(session, world.project.id, without=world.people[without].id if without else None)


def leaving(world: World, login: str) -> Leaving:
    with world.database.reading() as session:
        return leaving_of(session, world.project.id, world.people[login].id)


def remove(world: World, login: str) -> None:
    by = world.people["judy"].id
    write(
        lambda s: remove_member(
            s, world.project.id, world.people[login].id, reason="left", by=s.get_one(Account, by), now=MOMENT
        ),
        on=world.database,
    )


def test_as_many_people_as_reviewers_an_item_are_enough_and_one_fewer_is_not(database: Database) -> None:
    world = a_project(database, items=3)
    other = b"name: other\nversion: 1\nlevels: [a, b]\ncriteria: [{id: x, title: X}]\n"
    a_project(database, name="noise", rubric=other, reviewers=["zoe"], adjudicators=[])
    assert stuck(world) == 0
    remove(world, "ben")
    assert stuck(world) == 3


def test_what_somebody_has_graded_already_is_not_stuck_when_they_leave(database: Database) -> None:
    world = a_project(database, items=3)
    world.review_all("ben", ANSWER)
    assert leaving(world, "ben") == Leaving(leases=0, drafts=0, reviews=3, stuck_now=0, stuck_after=0)
    remove(world, "ben")
    assert stuck(world) == 0


def test_who_has_had_an_item_is_not_waited_for_again(database: Database) -> None:
    world = a_project(database, items=2)
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, ANSWER)
    assert stuck(world, without="ben") == 2, "neither Ann's second item nor the second review of her first"


def test_what_is_said_before_somebody_leaves_is_what_then_is(database: Database) -> None:
    world = a_project(database, items=4, reviewers=["ann", "ben", "cy"], overlap=OverlapPlan(base=2))
    for login, n in (("ann", 2), ("cy", 1)):
        for _ in range(n):
            lease = world.claim(login)
            assert lease is not None
            world.submit(login, lease, ANSWER)
    world.claim("cy")
    for login in ("cy", "ben"):
        said = leaving(world, login)
        assert said.leases == (1 if login == "cy" else 0)
        remove(world, login)
        assert stuck(world) == said.stuck_after
    assert stuck(world) > 0


def test_a_full_item_and_one_that_is_being_graded_are_not_stuck(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1), reviewers=["ann"])
    assert world.claim("ann") is not None
    assert stuck(world) == 0
    assert stuck(world, without="ann") == 1, "what she holds would be free again, and nobody left"
    with world.database.reading() as session:
        assert n_in_work(session, world.project.id) == 1
