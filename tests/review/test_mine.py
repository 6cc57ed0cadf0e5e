"""The list of one's own reviews: what is found, in which state, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, Purpose, Task
from evalhub.review.queries.mine import Show, my_reviews
from evalhub.review.schema import Lease
from evalhub.review.service.revise import reopen_review
from evalhub.web.listing import Listing, listing_of
from evalhub.web.session import write
from tests.review.test_indexes import plans_of
from tests.web.client import Browser, app_for
from tests.world import MOMENT, World, a_project

ALL_RIGHT = {"accuracy": "excellent", "clarity": "excellent"}


def a_world(database: Database, *, items: int = 3, **more: Any) -> World:
    return a_project(database, items=items, overlap=OverlapPlan(base=2), **more)


def asked(**given: str) -> Listing:
    return listing_of(given, at="/reviews", sorts=("-taken",), filters=("q", "project", "show"))


def found(world: World, login: str = "ann", **given: str) -> list[str]:
    with world.database.reading() as session:
        reviews = my_reviews(session, world.people[login].id, asked(**given)).reviews
    return [line.assignment.public_id for line in reviews]


def next_of(world: World, login: str = "ann") -> Lease:
    lease = world.claim(login)
    assert lease is not None
    return lease


def changed(world: World, fn: Callable[[Session], object]) -> None:
    write(fn, on=world.database)


def test_the_list_holds_my_own_reviews_only_and_what_i_took_last_first(database: Database) -> None:
    world = a_world(database)
    mine = []
    for _ in range(2):
        lease = next_of(world)
        mine.append(lease.assignment)
        world.submit("ann", lease, ALL_RIGHT)
    world.review_all("ben", ALL_RIGHT)
    held = next_of(world)
    assert found(world) == [held.assignment, *reversed(mine)]


def test_words_are_looked_for_in_alias_project_and_my_own_notes(database: Database) -> None:
    world = a_world(database, title="Kitchen questions")
    first, noted = next_of(world), None
    world.submit("ann", first, ALL_RIGHT, notes={"accuracy": "Mixes 100% up with \\half."})
    noted = next_of(world)
    world.submit("ann", noted, ALL_RIGHT, note="Reads like an advertisement")
    world.submit("ben", next_of(world, "ben"), ALL_RIGHT, note="Others say advertisement too")
    assert found(world, q=first.assignment[:6].upper()) == [first.assignment]
    assert found(world, q="100%") == [first.assignment]
    assert found(world, q="1000") == []
    assert found(world, q="\\half") == [first.assignment]
    assert found(world, q="ADVERTISEMENT") == [noted.assignment]
    assert set(found(world, q="kitchen")) == {first.assignment, noted.assignment, next_of(world).assignment}
    assert found(world, q="others say") == []


def test_words_of_an_earlier_revision_find_nothing(database: Database) -> None:
    world = a_world(database)
    lease = next_of(world)
    world.submit("ann", lease, ALL_RIGHT, note="first words", notes={"accuracy": "first thought"})
    ann = world.people["ann"]
    write(
        lambda session: reopen_review(session, assignment=lease.assignment, reviewer_id=ann.id, reviewer=ann.public_id),
        on=database,
    )
    with database.reading() as session:
        token = session.scalars(sa.select(Assignment.lease).where(Assignment.public_id == lease.assignment)).one()
    again = Lease(lease.project_id, lease.task_id, lease.reviewer_id, lease.assignment, token or "", MOMENT, False)
    world.submit("ann", again, ALL_RIGHT, note="second words")
    assert found(world, q="second words") == [lease.assignment]
    assert found(world, q="first words") == found(world, q="first thought") == []


def test_each_state_finds_its_own(database: Database) -> None:
    world = a_world(database, items=5)
    submitted = next_of(world)
    world.submit("ann", submitted, ALL_RIGHT)
    settled = next_of(world)
    world.submit("ann", settled, ALL_RIGHT)
    reopened = next_of(world)
    world.submit("ann", reopened, ALL_RIGHT)
    held = next_of(world)
    ann = world.people["ann"]

    def change(session: Session) -> None:
        settle = sa.update(Task).where(Task.project_id == world.project.id, Task.id == settled.task_id)
        session.execute(settle.values(settled_at=MOMENT))
        reopen_review(session, assignment=reopened.assignment, reviewer_id=ann.id, reviewer=ann.public_id)

    changed(world, change)
    assert found(world, show=Show.HELD) == [held.assignment]
    assert found(world, show=Show.DRAFT) == [reopened.assignment]
    assert found(world, show=Show.SETTLED) == [settled.assignment]
    assert found(world, show=Show.SUBMITTED) == [reopened.assignment, settled.assignment, submitted.assignment]
    for nothing in (Show.EXTRA, Show.SKIPPED, Show.LAPSED, Show.VOIDED, Show.RETURNED):
        assert found(world, show=nothing) == []


def test_every_review_stands_on_one_page_and_no_page_counts_what_it_passes(database: Database) -> None:
    world = a_world(database, items=45)
    world.review_all("ann", ALL_RIGHT)
    seen: list[str] = []
    after = ""
    with database.reading() as session:
        while True:
            page = my_reviews(session, world.people["ann"].id, asked(after=after))
            seen += [line.assignment.public_id for line in page.reviews]
            if page.page.next_cursor is None:
                break
            after = page.page.next_cursor
    assert len(seen) == len(set(seen)) == 45


def test_the_list_goes_by_its_index_and_sorts_nothing(sqlite_database: Database) -> None:
    world = a_world(sqlite_database)
    world.review_all("ann", ALL_RIGHT)
    plans = plans_of(sqlite_database, lambda: found(world))
    assert "assignment USING INDEX assignment_taken" in plans
    assert "TEMP B-TREE" not in plans


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return a_world(sqlite_database)


def browser_of(world: World, login: str = "ann") -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def test_the_page_offers_to_reopen_what_may_be_reopened(world: World) -> None:
    lease = next_of(world)
    world.submit("ann", lease, ALL_RIGHT)
    browser = browser_of(world)
    reopen = f"/assignments/{lease.assignment}/reopen"
    page = browser.get("/reviews")
    assert reopen in [form["action"] for form in page.forms]
    browser.post(reopen)
    page = browser.get("/reviews")
    assert reopen not in [form["action"] for form in page.forms]
    assert "reopened" in page.text


def test_what_can_only_be_corrected_leads_to_the_correction(world: World) -> None:
    lease = next_of(world)
    world.submit("ann", lease, ALL_RIGHT)
    shown = sa.update(Assignment).where(Assignment.public_id == lease.assignment)
    changed(world, lambda session: session.execute(shown.values(others_shown_at=MOMENT)))
    page = browser_of(world).get("/reviews?show=submitted")
    assert "I was wrong" in page.text
    assert f"/assignments/{lease.assignment}/resolution" in page.links
    assert f"/assignments/{lease.assignment}/reopen" not in [form["action"] for form in page.forms]


@pytest.mark.parametrize(
    ("purpose", "way"), [(Purpose.GOLD, "resolution"), (Purpose.LIVE, "resolution"), (Purpose.PRACTICE, "feedback")]
)
def test_what_cannot_be_reopened_leads_to_what_became_of_it_and_gold_does_not_stand_out(
    world: World, purpose: Purpose, way: str
) -> None:
    lease = next_of(world)
    world.submit("ann", lease, ALL_RIGHT)

    def change(session: Session) -> None:
        session.execute(sa.update(Task).where(Task.id == lease.task_id).values(purpose=purpose))
        shown = sa.update(Assignment).where(Assignment.public_id == lease.assignment)
        session.execute(shown.values(others_shown_at=MOMENT))

    changed(world, change)
    page = browser_of(world).get("/reviews?show=submitted")
    assert f"/assignments/{lease.assignment}/{way}" in page.links
    assert "gold" not in page.html


def test_a_filter_stays_in_the_links_to_the_pages(sqlite_database: Database) -> None:
    world = a_world(sqlite_database, items=25)
    world.review_all("ann", ALL_RIGHT)
    browser = browser_of(world)
    page = browser.get("/reviews?show=submitted&project=p")
    [following] = [link for link in page.links if "after=" in link]
    assert "show=submitted" in following
    assert "project=p" in following
    assert len([link for link in browser.get(following).links if link.startswith("/assignments/")]) >= 5


@pytest.mark.parametrize("query", ["?show=nonsense", "?project=other", f"?q={'x' * 300}", "?after=broken"])
def test_a_strange_filter_is_no_error_of_ours(world: World, query: str) -> None:
    browser_of(world).get("/reviews" + query)


def test_the_empty_list_says_what_to_do(world: World) -> None:
    browser = browser_of(world)
    assert "Take the next item" in browser.get("/reviews").text
    assert "Nothing fits" in browser.get("/reviews?show=voided").text


def test_nothing_hidden_is_in_the_list(world: World) -> None:
    world.review_all("ann", ALL_RIGHT)
    world.review_all("ben", {"accuracy": "unacceptable", "clarity": None})
    html = browser_of(world).get("/reviews").html
    for secret in ("source-id", "hidden-model", "canary", "Ben", "unacceptable"):
        assert secret not in html


def test_a_reviewer_with_many_reviews_waits_for_one_statement(database: Database) -> None:
    world = a_world(database, items=30)
    world.review_all("ann", ALL_RIGHT)
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    found(world)
    sa.event.remove(database.engine, "before_cursor_execute", note)
    assert len([s for s in statements if s.startswith("SELECT")]) == 1
