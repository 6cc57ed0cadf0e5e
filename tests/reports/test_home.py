"""Home: the one thing to do first, a card a project, hours, and what each role finds there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import set_member
from evalhub.reports.queries import case_counts, home_of
from evalhub.reports.queries.dashboard import Outcome, outcome
from evalhub.reports.queries.home import Home
from evalhub.review.models import Assignment, Review
from evalhub.review.schema import DraftBody, Lease, item_alias
from evalhub.review.service.drafts import save_draft
from evalhub.rubrics.service import add_rubric
from evalhub.training.models import Use
from evalhub.training.service.planting import plant
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.adjudication.worlds import differing
from tests.review.test_indexes import plans_of
from tests.training.worlds import RIGHT, a_training, begin
from tests.web.client import Browser, a_person, app_for
from tests.world import MOMENT, RUBRIC, World, a_project, with_roles

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
    assert len(statements) <= 21 + 3 * projects


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


def words_of_home(world: World) -> str:
    return " ".join(browser_of(world).get("/").text.split())


def test_neither_planting_gold_nor_taking_it_moves_a_number(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=24, gold={Use.GOLD: 8}, gold_share=0.05, overlap=2)
    change_project(world, due_on=utc_now().date())
    world.submit("ann", next_of(world), RIGHT)
    seen = [waiting_words(world)]
    for _ in range(3):
        assert write(lambda session: plant(session, world.project.id, world.people["ann"].id), on=sqlite_database)
        seen.append(waiting_words(world))
        world.submit("ann", next_of(world), RIGHT)
        seen.append(waiting_words(world))
    assert set(seen) == {"about 20 items; about 20 a day from each of 2 reviewers"}


def waiting_words(world: World) -> str:
    text = words_of_home(world)
    [items] = re.findall(r"Waiting for me ((?:about|fewer than) \d+ items)", text)
    [pace] = re.findall(r"about \d+ a day from each of \d+ reviewers", text)
    return f"{items}; {pace}"


def test_the_end_of_a_queue_looks_alike_with_gold_and_without(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=2, gold={Use.GOLD: 1}, gold_share=0.05)
    change_project(world, due_on=utc_now().date())
    before = waiting_words(world)
    assert write(lambda session: plant(session, world.project.id, world.people["ann"].id), on=sqlite_database)
    world.review_all("ben", RIGHT)
    assert waiting_words(world) == before
    assert "/projects/p/next" in [form["action"] for form in browser_of(world).get("/").forms]


def test_training_has_lines_of_its_own_and_is_in_no_other_number(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=4, gold={Use.PRACTICE: 3})
    assert "Waiting for me 4 items" in words_of_home(world)
    world.submit("ann", next_of(world), RIGHT)
    begin(world, "ann", Use.PRACTICE)
    text = words_of_home(world)
    for words in ("Waiting for me 2 items", "Training 3 items of your practice", "Graded by me 1"):
        assert words in text
    world.submit("ann", next_of(world), RIGHT)
    held = next_of(world)
    assert f"Go on with practice item {item_alias(held.assignment)}" in words_of_home(world)
    world.submit("ann", held, RIGHT)
    text = words_of_home(world)
    assert "2 items in this session" in text
    assert "1 item of practice or qualification" in text
    hours = text[text.index("Hours by project") :]
    assert re.search(r"p2\d+ s Practice and qualification \(p\)1\d+ s", hours), hours


def test_what_is_taken_next_in_a_practice_is_called_training(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=0, gold={Use.PRACTICE: 1})
    assert "Next training item" not in words_of_home(world)
    begin(world, "ann", Use.PRACTICE)
    assert "Next training item of p" in words_of_home(world)


def test_no_count_tells_somebody_who_settles_cases_that_others_differ_from_their_review(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    with_roles(world, "r1", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR, ProjectRole.VIEWER)
    with_roles(world, "judy", ProjectRole.MANAGER)
    seen = {}
    for login in ("r1", "judy"):
        account_id = world.people[login].id
        [card] = home(world, login).cards
        with database.reading() as session:
            counts = case_counts(session, world.project.id, seen_by=account_id)
            far = outcome(session, world.project.id, 1, seen_by=account_id)
        seen[login] = (card.open_cases, counts.open, far)
    assert seen == {"r1": (0, 0, Outcome(0, 1)), "judy": (1, 1, Outcome(1, 0))}
    with database.reading() as session:
        assert case_counts(session, world.project.id).open == 1
