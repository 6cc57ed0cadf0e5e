"""What admins see of the work of people, and what becomes of it when they are kept out."""

from __future__ import annotations

from evalhub.accounts import service
from evalhub.accounts.models import InstanceRole
from evalhub.accounts.queries import load_of, memberships_of
from evalhub.accounts.schema import Load
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.web.client import Browser, a_person, app_for
from tests.world import World, a_project

ANSWER = {"accuracy": "adequate", "clarity": "adequate"}


def load(world: World, login: str) -> Load:
    account_id = world.people[login].id
    with world.database.reading() as session:
        return load_of(session, [account_id])[account_id]


def test_load_counts_reviews_of_a_week_and_items_held(database: Database) -> None:
    world = a_project(database, items=2)
    lease = world.claim("ann")
    assert lease is not None
    assert (load(world, "ann"), load(world, "ben")) == (Load(0, 1), Load(0, 0))
    world.submit("ann", lease, ANSWER)
    assert load(world, "ann").n_reviews == 1
    with database.reading() as session:
        (membership,) = memberships_of(session, world.people["ann"].id)
    assert (membership.project, membership.is_open, membership.roles) == ("p", True, ("reviewer",))


def test_the_page_says_beforehand_what_disabling_ends(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    world.claim("ann")
    browser = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    page = browser.get(f"/people/{world.people['ann'].public_id}")
    assert "Disabling ends 0 sessions, 0 tokens and 1 lease" in page.text
    assert "/projects/p/members" in page.links


def test_whoever_is_disabled_holds_nothing_and_is_handed_work_again_when_enabled(database: Database) -> None:
    world = a_project(database, items=1)
    ann = world.people["ann"].id
    held = world.claim("ann")
    write(lambda s: service.disable(s, ann, by_id=None, now=utc_now()), on=database)
    assert load(world, "ann").n_leases == 0
    assert world.claim("ann") is None
    write(lambda s: service.enable(s, ann, by_id=None, now=utc_now()), on=database)
    again = world.claim("ann")
    assert held is not None
    assert again is not None
    assert again.task_id == held.task_id
