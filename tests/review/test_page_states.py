"""What the review page asks of the server by script, and what it shows: sent again, signed out, undone, newer."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from evalhub.accounts.service import change_settings
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, Draft, Review
from evalhub.review.schema import DraftBody, working_seconds
from evalhub.review.service.drafts import DraftConflict, save_draft
from evalhub.review.views.page import READING_BUDGET_WORDS, older_turns
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from tests.web.client import PASSWORD, Browser, Page, a_person, app_for
from tests.world import MOMENT, RUBRIC, World, a_project

JSON = {"Accept": "application/json"}
ANSWERS = {"level-accuracy": "excellent", "level-clarity": "adequate"}


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return a_project(sqlite_database, items=3, overlap=OverlapPlan(base=1))


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people["ann"])


@pytest.fixture
def path(browser: Browser) -> str:
    browser.get("/")
    return browser.post("/projects/p/next").headers["Location"]


def fields_of(page: Page, **answers: str) -> dict[str, str]:
    names = ("lease", "rubric_version", "idempotency_key", "draft_revision")
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page.html) for name in names}
    return {name: found[1] for name, found in hidden.items() if found} | answers


def count(world: World, table: type[Review]) -> int:
    with world.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_script_is_told_where_to_go_and_may_ask_again(world: World, browser: Browser, path: str) -> None:
    sent = fields_of(browser.get(path), **ANSWERS)
    first = browser.post(path, sent, status=200, headers=JSON).get_json()
    again = browser.post(path, sent, status=200, headers=JSON).get_json()
    assert first == again
    assert first["next"].startswith("/assignments/")
    assert first["next"] != path
    assert count(world, Review) == 1


def test_a_refused_submission_says_why_and_stores_nothing(world: World, browser: Browser, path: str) -> None:
    sent = fields_of(browser.get(path), **{"level-accuracy": "excellent"})
    answer = browser.post(path, sent, status=422, headers=JSON).get_json()
    assert "Is missing" in answer["error"]["message"]
    assert count(world, Review) == 0


def test_a_stored_review_can_be_taken_back_from_the_next_page(browser: Browser, path: str) -> None:
    following = browser.post(path, fields_of(browser.get(path), **ANSWERS)).headers["Location"]
    page = browser.get(following)
    assert "Stored." in page.text
    browser.post(f"{path}/reopen", page.form(f"{path}/reopen"))
    assert "Reopened" in browser.get(path).text
    assert f"{path}/reopen" not in browser.get(following).html


def test_a_draft_sent_again_for_want_of_an_answer_is_no_conflict(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    lease = world.claim("ann")
    assert lease is not None
    save = partial(save_draft, assignment=lease.assignment, reviewer_id=world.people["ann"].id)
    body = DraftBody(note="once", scores={"accuracy": "adequate"}, evidence={"accuracy": [{"start": 1, "end": 2}]})
    saved = [write(partial(save, body=body, expected_revision=0), on=database) for _ in range(2)]
    assert [draft.revision for draft in saved] == [1, 1]
    with pytest.raises(DraftConflict):
        write(partial(save, body=DraftBody(note="of another window"), expected_revision=0), on=database)
    with database.reading() as session:
        assert session.scalars(sa.select(Draft.body)).one()["note"] == "once"


@given(said=st.none() | st.floats(0, 86_400), passed=st.floats(-100, 86_400))
def test_time_at_work_is_never_more_than_has_passed_nor_than_was_said(said: float | None, passed: float) -> None:
    counted = working_seconds(MOMENT, MOMENT + timedelta(seconds=passed), said)
    assert 0 <= counted <= max(0, round(passed, 6))
    assert counted <= (60 if said is None else said)


def test_a_page_that_was_read_long_counts_as_long_as_it_says(world: World, browser: Browser, path: str) -> None:
    fields = fields_of(browser.get(path), **ANSWERS, seconds="240")

    def came_earlier(session: Session) -> None:
        row = session.scalars(sa.select(Assignment).where(Assignment.lease.is_not(None))).one()
        assert row.seen_at is not None
        row.seen_at -= timedelta(seconds=300)

    write(came_earlier, on=world.database)
    browser.post(path, fields)
    with world.database.reading() as session:
        assert session.scalars(sa.select(Review.active_seconds)).one() == 240


@pytest.mark.parametrize("seconds", ["nan", "-1", "1e9", "soon"])
def test_nonsense_about_time_does_not_stop_a_review(world: World, browser: Browser, path: str, seconds: str) -> None:
    browser.post(path, fields_of(browser.get(path), **ANSWERS, seconds=seconds))
    with world.database.reading() as session:
        assert session.scalars(sa.select(Review.active_seconds)).one() <= 60


def test_a_heartbeat_tells_of_a_newer_version_and_the_page_shows_it(world: World, browser: Browser, path: str) -> None:
    page = browser.get(path)
    lease = fields_of(page)["lease"]
    assert re.search(r'id="newer-version" hidden', page.html)
    newer = RUBRIC.replace(b"version: 1", b"version: 2").replace(b"title: Accuracy", b"title: Exactness")
    write(lambda s: add_rubric(s, newer, source_name="r.yaml", actor_id=None, now=MOMENT), on=world.database)
    answer = browser.post(f"{path}/heartbeat", {"lease": lease, "seconds": "25"}, status=200, headers=JSON).get_json()
    assert answer["newest_version"] == 2
    page = browser.get(path)
    assert re.search(r'id="newer-version">', page.html)
    assert "Exactness" not in page.html
    browser.post(path, fields_of(page, **ANSWERS))


def test_the_page_goes_by_the_reviewer_s_own_keys(world: World, browser: Browser, path: str) -> None:
    ann = world.people["ann"].id
    changes: dict[str, Any] = {"keys": {"note": "e", "flag": ""}, "show_clock": False}
    write(lambda session: change_settings(session, ann, **changes), on=world.database)
    page = browser.get(path)
    keys = re.search(r'data-keys="([^"]*)"', page.html)
    assert keys
    assert json.loads(keys[1].replace("&#34;", '"'))["note"] == "e"
    assert "data-single-keys" in page.html
    assert "data-clock" not in page.html
    assert "<kbd>E</kbd></td><td>write the criterion" in page.html
    write(lambda session: change_settings(session, ann, single_keys=False), on=world.database)
    assert "data-single-keys" not in browser.get(path).html


def test_somebody_signs_in_without_leaving_the_page(world: World) -> None:
    a_person(world.database, "cleo", password=PASSWORD)
    browser = Browser(app_for(world.database))
    stranger = browser.client.get("/sign-in", headers=JSON, base_url=browser.base_url).get_json()
    assert stranger["account"] is None
    wrong = {"login": "cleo", "password": "wrong", "csrf_token": stranger["csrf_token"]}
    refused = browser.post("/sign-in", wrong, status=422, headers=JSON).get_json()
    assert "do not belong together" in refused["error"]["message"]
    entered = browser.post("/sign-in", {**wrong, "password": PASSWORD}, status=200, headers=JSON).get_json()
    assert entered["account"] == "Cleo"
    browser.token = entered["csrf_token"]
    browser.post("/account/name", {"display_name": "Cleopatra"})


@given(st.lists(st.integers(0, 700), max_size=60))
def test_the_last_turns_within_the_reading_budget_stand_open(lengths: list[int]) -> None:
    n_older = older_turns(["word " * n for n in lengths])
    assert 0 <= n_older < max(1, len(lengths))
    assert sum(lengths[n_older:]) <= READING_BUDGET_WORDS or n_older == len(lengths) - 1
    if n_older:
        assert sum(lengths[n_older - 1 :]) > READING_BUDGET_WORDS


def test_a_long_conversation_is_numbered_and_its_beginning_folded(sqlite_database: Database) -> None:
    messages = [{"role": "user", "content": f"turn-{n} " + "word " * 99} for n in range(39)]
    item = {"id": "x", "messages": messages, "response": "The answer.", "model": "m"}
    world = a_project(sqlite_database, items=[item], overlap=OverlapPlan(base=1))
    browser = Browser(app_for(world.database)).sign_in_as(world.people["ann"])
    browser.get("/")
    page = browser.get(browser.post("/projects/p/next").headers["Location"])
    assert "Show all: 27 older turns of 39" in page.text
    assert (
        page.html.index("turn-26 ")
        < page.html.index("</details>", page.html.index("turn-26 "))
        < page.html.index("turn-27 ")
    )
    assert [f"{n} of 39" in page.text for n in (1, 27, 28, 39)] == [True] * 4
