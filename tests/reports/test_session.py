"""A session of work: its goal, the summary that it leads to, and its end."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from evalhub.accounts.queries import settings_of
from evalhub.accounts.schema import Goal
from evalhub.accounts.service import change_settings
from evalhub.db import Database
from evalhub.review.models import Assignment, AssignmentState
from evalhub.review.queries.own_levels import own_levels
from evalhub.review.schema import DraftBody
from evalhub.review.service.drafts import save_draft
from evalhub.review.service.stopping import let_unbegun_lapse
from evalhub.review.service.sweep import sweep_leases
from evalhub.training.models import Use
from evalhub.web.session import write
from tests.review.test_pages import fields_of
from tests.training.worlds import RIGHT, a_training, begin, grade
from tests.web.client import Browser, Page, app_for
from tests.world import MOMENT, World, a_project

GRADES = {"level-accuracy": "excellent", "level-clarity": "__na__"}


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return a_project(sqlite_database, items=5)


def browser_of(world: World, login: str = "ann") -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def set_goal(world: World, goal: Goal | None, login: str = "ann") -> None:
    account_id = world.people[login].id
    write(lambda session: change_settings(session, account_id, goal=goal), on=world.database)


def grade_next(browser: Browser, path: str) -> str:
    """Grade the item at this path; where the answer leads."""
    return browser.post(path, fields_of(browser.get(path), **GRADES)).headers["Location"]


def first_item(browser: Browser) -> str:
    browser.get("/")
    return browser.post("/projects/p/next").headers["Location"]


def test_the_submission_that_meets_the_goal_leads_to_the_summary_and_no_other(world: World) -> None:
    set_goal(world, Goal(kind="items", amount=2))
    browser = browser_of(world)
    following = grade_next(browser, first_item(browser))
    assert following.startswith("/assignments/")
    assert "1 of 2" in browser.get(following).text
    assert grade_next(browser, following) == "/session"
    page = browser.get("/session")
    assert "Your goal is met" in page.text
    goes_on = next(link for link in page.links if link.startswith("/assignments/"))
    assert grade_next(browser, goes_on).startswith("/assignments/")


def test_without_a_goal_nothing_interrupts(world: World) -> None:
    browser = browser_of(world)
    path = first_item(browser)
    for _ in range(3):
        path = grade_next(browser, path)
        assert path.startswith("/assignments/")


def test_the_summary_shows_my_own_levels_and_never_another_s(world: World) -> None:
    world.review_all("ben", {"accuracy": "unacceptable", "clarity": "adequate"})
    browser = browser_of(world)
    path = grade_next(browser, first_item(browser))
    grade_next(browser, path)
    page = browser.get("/session")
    rows = re.findall(r'<th scope="row">(\w+)</th>((?:<td>\d+</td>)+)', page.html)
    assert [(name, re.findall(r"\d+", cells)) for name, cells in rows] == [
        ("Accuracy", ["0", "0", "2", "0", "2"]),
        ("Clarity", ["0", "0", "0", "2", "2"]),
    ]
    assert browser.client.get("/session/charts/levels-1.csv").text.splitlines()[1] == "Accuracy,0,0,2,0,2"
    assert browser.client.get("/session/charts/levels-1.svg").mimetype == "image/svg+xml"
    browser.get("/session/charts/levels-9.svg", status=404)


def test_numbers_are_told_by_their_ends_and_their_median(database: Database) -> None:
    rubric = b"""
name: scored
version: 1
criteria:
  - {id: points, title: Points, range: {min: 0, max: 10, step: 1}, not_applicable: true}
"""
    world = a_project(database, items=4, rubric=rubric)
    scores: list[float | None] = [3, 9, 4, None]
    for score in scores:
        lease = world.claim("ann")
        assert lease is not None
        world.submit("ann", lease, {"points": score})
    with database.reading() as session:
        [points] = own_levels(session, world.people["ann"].id, since=MOMENT)
        assert own_levels(session, world.people["ben"].id, since=MOMENT) == []
    assert (points.values, points.not_applicable, points.n, points.labels) == ((3.0, 4.0, 9.0), 1, 4, ())
    page = Browser(app_for(database)).sign_in_as(world.people["ann"]).get("/session")
    assert "4.000" in page.text


def test_a_session_without_a_review_says_what_one_is(world: World) -> None:
    assert "begins with the first review" in browser_of(world).get("/session").text


@pytest.mark.parametrize(
    ("sent", "goal"),
    [
        ({"kind": "items", "amount": "40"}, Goal(kind="items", amount=40)),
        ({"kind": "minutes", "amount": "90"}, Goal(kind="minutes", amount=90)),
        ({"kind": "", "amount": ""}, None),
    ],
)
def test_the_goal_is_kept(world: World, sent: dict[str, str], goal: Goal | None) -> None:
    browser = browser_of(world)
    browser.get("/")
    browser.post("/session/goal", sent)
    with world.database.reading() as session:
        assert settings_of(session, world.people["ann"].id).goal == goal


@pytest.mark.parametrize("amount", ["0", "1001", "many", ""])
def test_a_goal_that_does_not_fit_comes_back_as_it_was_typed(world: World, amount: str) -> None:
    browser = browser_of(world)
    browser.get("/")
    again = Page(browser.post("/session/goal", {"kind": "minutes", "amount": amount}, status=422))
    assert "number from 1 to 1,000" in again.text or "Not a valid integer" in again.text
    assert re.search(r'value="minutes"[^>]*selected|selected[^>]*value="minutes"', again.html)
    assert f'value="{amount}"' in again.html


def test_stopping_gives_back_what_is_not_begun_and_keeps_what_is(database: Database) -> None:
    world = a_project(database, items=5)
    for login in ("ann", "ben"):
        world.claim(login)
    ben = world.people["ben"].id
    with database.reading() as session:
        held = session.scalars(sa.select(Assignment.public_id).where(Assignment.reviewer_id == ben)).one()
    write(
        lambda session: save_draft(
            session, assignment=held, reviewer_id=ben, body=DraftBody(note="So far."), expected_revision=0
        ),
        on=database,
    )
    ended = [
        write(lambda session, login=login: let_unbegun_lapse(session, world.people[login].id), on=database)
        for login in ("ann", "ben")
    ]
    write(sweep_leases, on=database)
    with database.reading() as session:
        states = dict(session.execute(sa.select(Assignment.reviewer_id, Assignment.state)).all())
    assert ended == [1, 0]
    assert states == {world.people["ann"].id: AssignmentState.EXPIRED, ben: AssignmentState.LEASED}


def test_the_page_s_button_stops_and_says_what_became_of_the_item(world: World) -> None:
    browser = browser_of(world)
    first_item(browser)
    browser.get("/session")
    assert browser.post("/session/stop").headers["Location"] == "/"
    assert "goes back for others" in browser.get("/").text


def test_the_summary_leads_straight_on(world: World) -> None:
    browser = browser_of(world)
    browser.get("/session")
    taken = browser.post("/projects/p/next").headers["Location"]
    assert "/projects/p/next" not in [form["action"] for form in browser.get("/session").forms]
    assert taken in browser.get("/session").links
    grade_next(browser, taken)
    browser.get("/")
    browser.post("/session/stop")
    write(sweep_leases, on=world.database)
    assert "/projects/p/next" in [form["action"] for form in browser.get("/session").forms]


def test_an_empty_session_has_nothing_to_stop(world: World) -> None:
    browser = browser_of(world)
    assert "Stop for today" not in browser.get("/session").text
    grade_next(browser, first_item(browser))
    assert "Stop for today" in browser.get("/session").text


def test_a_session_of_practice_alone_is_told_as_such(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=0, gold={Use.PRACTICE: 1})
    begin(world, "ann", Use.PRACTICE)
    grade(world, "ann", [RIGHT])
    text = " ".join(browser_of(world).get("/session").text.split())
    assert "Items graded 0" in text
    assert "Practice and qualification 1 item" in text
