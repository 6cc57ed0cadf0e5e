"""Home: the one thing to do first, a card a project, hours, and what each role finds there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import set_member
from evalhub.reports.queries import home_of
from evalhub.reports.queries.home import Home
from evalhub.review.models import Assignment, Review
from evalhub.review.schema import DraftBody, Lease
from evalhub.review.service.drafts import save_draft
from evalhub.rubrics.service import add_rubric
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.review.test_indexes import plans_of
from tests.web.client import Browser, a_person, app_for
from tests.world import MOMENT, RUBRIC, World, a_project

ALL_RIGHT = {"accuracy": "excellent", "clarity": "excellent"}


def home(world: World, login: str) -> Home:
    now = utc_now()
    with world.database.reading() as session:
        return home_of(session, world.people[login].id, is_admin=False, at=now, hours_from=now - timedelta(days=7))


def browser_of(world: World, login: str = "ann") -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def next_of(world: World, login: str = "ann") -> Lease:
    lease = world.claim(login)
    assert lease is not None
    return lease


def change_project(world: World, **columns: object) -> None:
    this = sa.update(Project).where(Project.id == world.project.id)
    write(lambda session: session.execute(this.values(**columns)), on=world.database)


def second_project(world: World, login: str) -> World:
    """Another project in which the same person reviews."""
    rubric = RUBRIC.replace(b"answers", b"replies")
    other = a_project(world.database, items=2, name="q", reviewers=["zoe"], adjudicators=[], rubric=rubric)
    account_id = world.people[login].id
    write(
        lambda session: set_member(session, other.project.id, account_id, {ProjectRole.REVIEWER}, by=None, now=MOMENT),
        on=world.database,
    )
    return other


def test_home_goes_on_with_what_is_held_before_anything_else(database: Database) -> None:
    world = a_project(database, items=3)
    assert home(world, "ann").goes_on is not None
    lease = next_of(world)
    goes_on = home(world, "ann").goes_on
    assert goes_on is not None
    assert goes_on.begun is not None
    assert goes_on.begun.assignment == lease.assignment


def test_with_nothing_begun_the_project_that_is_due_first_comes_first(database: Database) -> None:
    world = a_project(database, items=3)
    other = second_project(world, "ann")
    change_project(world, due_on=(utc_now() + timedelta(days=5)).date())
    change_project(other, due_on=(utc_now() + timedelta(days=2)).date())
    found = home(world, "ann")
    assert found.goes_on is not None
    assert (found.goes_on.card.line.project.name, found.goes_on.begun) == ("q", None)
    assert [card.line.project.name for card in found.cards] == ["q", "p"]


def test_the_button_on_home_gives_the_next_item_and_then_the_same_again(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    browser = browser_of(world)
    page = browser.get("/")
    assert "Next item of p" in page.text
    taken = browser.post("/projects/p/next").headers["Location"]
    assert taken in browser.get("/").links


def test_a_card_says_what_waits_and_which_pace_meets_the_due_day(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=10, overlap=OverlapPlan(base=2))
    change_project(world, due_on=(utc_now() + timedelta(days=4)).date())
    text = " ".join(browser_of(world).get("/").text.split())
    assert "10 items" in text
    assert "in 4 days; 2 a day from each of 2 reviewers meets it" in text
    change_project(world, due_on=(utc_now() - timedelta(days=1)).date())
    assert "yesterday; overdue" in " ".join(browser_of(world).get("/").text.split())


def test_a_card_shows_each_draft_with_its_age_and_its_lease(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    lease = next_of(world)
    browser = browser_of(world)
    assert "Nothing written yet" in browser.get("/").text
    write(
        lambda session: save_draft(
            session,
            assignment=lease.assignment,
            reviewer_id=world.people["ann"].id,
            body=DraftBody(note="x"),
            expected_revision=0,
        ),
        on=sqlite_database,
    )
    text = browser.get("/").text
    assert "Draft saved 0 min ago" in text
    assert "yours until" in text


def test_a_newer_version_of_the_rubric_is_marked_and_told_once(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    browser = browser_of(world)
    assert "is published" not in browser.get("/").text
    newer = RUBRIC.replace(b"version: 1", b"version: 2").replace(b"Accuracy", b"Correctness")
    write(
        lambda session: add_rubric(session, newer, source_name="rubric.yaml", actor_id=None, now=utc_now()),
        on=sqlite_database,
    )
    page = browser.get("/")
    assert "v2 is published" in page.text
    assert "/rubrics/answers/2" in page.links


def test_hours_are_my_own_by_project(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2)
    world.review_all("ann", ALL_RIGHT)
    world.review_all("ben", ALL_RIGHT)
    ann = world.people["ann"].id
    mine = sa.update(Review).where(Review.reviewer_id == ann)
    write(lambda session: session.execute(mine.values(active_seconds=2_000.0)), on=sqlite_database)
    page = browser_of(world).get("/?hours=month")
    assert "1 h 06 min" in page.text
    assert "since the first of the month" in " ".join(page.text.split())
    assert "since Monday" in " ".join(browser_of(world).get("/?hours=nonsense").text.split())


def test_a_reviewer_whose_work_is_done_is_told_so(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    world.review_all("ann", ALL_RIGHT)
    page = browser_of(world).get("/")
    assert "nothing just now" in page.text
    assert "/projects/p/next" not in [form["action"] for form in page.forms]


def test_each_role_finds_its_own_lines(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    judy = browser_of(world, "judy").get("/")
    assert "0 open cases" in judy.text
    assert "Waiting for me" not in judy.text
    assert "open cases" not in browser_of(world).get("/").text
    stranger = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "stranger"))
    assert "No project yet" in stranger.get("/").text
    admin = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    assert "How far the grades agree" in admin.get("/").text


def test_a_certificate_that_a_project_asks_for_is_told_with_the_way_to_it(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    assert "My certificate" not in browser_of(world).get("/").text
    change_project(world, requires_certificate=True)
    page = browser_of(world).get("/")
    assert "My certificate" in page.text
    assert "/projects/p/training" in page.links


@pytest.mark.parametrize("projects", [1, 2])
def test_home_asks_three_statements_a_project(sqlite_database: Database, projects: int) -> None:
    world = a_project(sqlite_database, items=3)
    if projects == 2:
        second_project(world, "ann")
    world.review_all("ann", ALL_RIGHT)
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    sa.event.listen(sqlite_database.engine, "before_cursor_execute", note)
    home(world, "ann")
    sa.event.remove(sqlite_database.engine, "before_cursor_execute", note)
    assert len(statements) <= 20 + 3 * projects


def test_home_reads_assignments_by_their_indexes(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    world.review_all("ann", ALL_RIGHT)
    plans = plans_of(sqlite_database, lambda: home(world, "ann")).splitlines()
    assert [line for line in plans if line.startswith(("SCAN assignment", "SCAN task", "SCAN review"))] == []
    assert any("assignment_one_lease" in line for line in plans)


def test_nobody_s_page_tells_of_another_s_work(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    world.review_all("ben", {"accuracy": "unacceptable", "clarity": None})
    held = next_of(world)
    html = browser_of(world).get("/").html
    for secret in ("source-id", "hidden-model", "canary", "Ben", "unacceptable"):
        assert secret not in html
    with sqlite_database.reading() as session:
        mine = set(session.scalars(sa.select(Assignment.public_id).where(Assignment.reviewer_id == held.reviewer_id)))
        others = set(session.scalars(sa.select(Assignment.public_id))) - mine
    assert not any(public_id in html for public_id in others)
