"""Two answers side by side, on the review page without JavaScript and by program."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.review.models import Draft
from tests.review.test_api import Program, a_body
from tests.review.test_pages import browser_of, fields_of, take_next
from tests.review.test_pairs import a_world, preferences
from tests.review.test_queue import GOOD, assert_sound
from tests.web.client import Browser, Page, a_person, a_token, app_for
from tests.world import World, a_project

GRADED = {"level-accuracy": "adequate", "level-clarity": "excellent", "note-accuracy": "One slip."}


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return a_world(sqlite_database)


def answered(page: Page, **more: str) -> dict[str, str]:
    return fields_of(page, **GRADED) | more


def at_the_second(browser: Browser) -> tuple[str, str]:
    """The paths of both pages of a pair, the first submitted."""
    first = take_next(browser)
    second = browser.post(first, answered(browser.get(first))).headers["Location"]
    return first, second


def test_both_answers_stand_side_by_side_and_one_is_scored(world: World) -> None:
    browser = browser_of(world, "ann")
    page = browser.get(take_next(browser))
    assert "alpha says 0." in page.text
    assert "beta says 0." in page.text
    assert page.text.index("Left answer") < page.text.index("Right answer")
    assert "you score this one" in page.text.partition("Right answer")[0]
    assert "Preference" not in page.text
    for secret in ("q0:alpha", "p0", "metadata"):
        assert secret not in page.html


def test_the_second_page_shows_what_i_gave_and_asks_which_is_better(world: World) -> None:
    browser = browser_of(world, "ann")
    _, second = at_the_second(browser)
    page = browser.get(second)
    assert "you score this one" in page.text.partition("Right answer")[2]
    assert "One slip." in page.text.partition("What you gave it")[2]
    assert "Which answer is better" in page.text
    chosen = {"level-_preference": "right_better", "note-_preference": "It cites its source."}
    browser.post(second, answered(page, **chosen))
    [kept] = preferences(world)
    assert (kept.choice, kept.reason) == ("right_better", "It cites its source.")


def test_without_a_preference_the_page_comes_back_with_every_word(world: World) -> None:
    browser = browser_of(world, "ann")
    _, second = at_the_second(browser)
    sent = answered(browser.get(second), **{"note-_preference": "typed already"})
    page = Page(browser.post(second, sent, status=422))
    assert "Say which of the two answers is better." in page.text
    assert "typed already" in page.html
    assert "One slip." in page.html
    assert preferences(world) == []


@pytest.mark.parametrize("path", ["", "/draft"])
def test_a_preference_that_is_none_of_the_choices_is_no_error_of_ours(world: World, path: str) -> None:
    browser = browser_of(world, "ann")
    _, second = at_the_second(browser)
    sent = answered(browser.get(second), **{"level-_preference": "<b>", "note-_preference": "x" * 20_001})
    page = Page(browser.post(second + path, sent, status=422))
    assert "x" * 20_001 in page.html
    assert preferences(world) == []


def test_a_draft_keeps_the_preference(world: World) -> None:
    browser = browser_of(world, "ann")
    _, second = at_the_second(browser)
    sent = fields_of(browser.get(second), **{"level-_preference": "left_much_better", "note-_preference": "half"})
    browser.post(f"{second}/draft", sent)
    with world.database.reading() as session:
        assert session.scalars(sa.select(Draft.body)).one() == {
            "scores": {"_preference": "left_much_better"},
            "notes": {"_preference": "half"},
        }
    page = browser.get(second)
    assert 'value="left_much_better" checked' in page.html
    assert "half" in page.html


@pytest.mark.parametrize("which", [0, 1])
def test_a_reopened_review_shows_the_preference_and_may_change_it(world: World, which: int) -> None:
    browser = browser_of(world, "ann")
    paths = at_the_second(browser)
    browser.post(paths[1], answered(browser.get(paths[1]), **{"level-_preference": "left_better"}))
    page = browser.get(paths[which])
    assert 'value="left_better" checked' in page.html
    browser.post(f"{paths[which]}/reopen", {})
    page = browser.get(paths[which])
    assert 'value="left_better" checked' in page.html
    browser.post(paths[which], answered(page, **{"level-_preference": "about_the_same"}))
    assert [(one.revision, one.choice) for one in preferences(world)] == [(1, "left_better"), (2, "about_the_same")]


def test_nobody_else_sees_a_pair(world: World) -> None:
    first = take_next(browser_of(world, "ann"))
    browser_of(world, "ben").get(first, status=404)


def test_a_program_gets_the_other_answer_and_says_which_is_better(database: Database) -> None:
    world = a_world(database)
    ann = Program(world, "ann")
    claim = ann.claim().json
    assert claim["pair"]["side"] == "left"
    assert claim["pair"]["preference"] is False
    assert {claim["item"]["response"], claim["pair"]["other"]["response"]} == {"alpha says 0.", "beta says 0."}
    assert set(claim["pair"]["other"]) == {"alias", "response"}
    following = ann.put(claim["assignment"], a_body(claim, scores=GOOD)).json["next"]
    assert following["pair"]["side"] == "right"
    assert following["pair"]["preference"] is True
    missing = ann.put(following["assignment"], a_body(following, scores=GOOD))
    assert missing.status_code == 422
    assert [(d["code"], d["path"]) for d in missing.json["error"]["details"]] == [("schema", "preference")]
    body = a_body(following, scores=GOOD, preference={"choice": "left_better", "reason": "Plainer."})
    assert ann.put(following["assignment"], body).status_code == 201
    assert ann.put(following["assignment"], body).status_code == 200
    other = {**body, "preference": {"choice": "right_better"}}
    assert ann.put(following["assignment"], other).json["error"]["code"] == "idempotency_mismatch"
    assert [one.choice for one in preferences(world)] == ["left_better"]
    assert_sound(world)


@pytest.mark.parametrize(
    "preference", [{}, {"choice": "both"}, {"choice": "left_better", "strength": 2}, "left_better", {"choice": None}]
)
def test_a_preference_that_cannot_be_read_is_refused(world: World, preference: Any) -> None:
    ann = Program(world, "ann")
    claim = ann.claim().json
    answer = ann.put(claim["assignment"], a_body(claim, scores=GOOD, preference=preference))
    assert answer.status_code == 422
    assert answer.json["error"]["details"][0]["path"].startswith("preference")


def test_projects_are_made_with_pairs_by_program_and_by_page(sqlite_database: Database) -> None:
    a_project(sqlite_database, items=1)
    admin = a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
    app = app_for(sqlite_database)
    body = {"name": "by-program", "dataset": "p-items", "rubric": "answers", "pairs": True}
    made = app.test_client().post("/api/v1/projects", json=body, headers=a_token(sqlite_database, admin))
    assert made.status_code == 201
    browser = Browser(app).sign_in_as(admin)
    browser.get("/projects/new")
    chosen = {"name": "by-page", "dataset": "p-items", "rubric": "answers@1", "pairs": "y"}
    common = {"reviewers": "2", "order": "random", "lease_minutes": "45", "flags": "span"}
    browser.post("/projects", chosen | common)
    with sqlite_database.reading() as session:
        rows = session.execute(sa.select(Project.name, Project.pairs))
        assert dict(rows.all()) == {"p": False, "by-program": True, "by-page": True}
