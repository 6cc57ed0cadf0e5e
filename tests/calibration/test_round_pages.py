"""The pages of rounds, and who sees what on them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import set_member
from evalhub.review.jobs import sweep
from evalhub.web.session import write
from tests.calibration.rounds import GOOD, close, grade_round, second_version, start
from tests.review.test_queue import let_lapse
from tests.web.client import Browser, Page, app_for
from tests.world import MOMENT, World, a_project, with_roles

Visit = Callable[[str], Browser]


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """Ann and ben review; meg manages, and max both."""
    made = a_project(sqlite_database, items=5, reviewers=["ann", "ben"], overlap=OverlapPlan(base=1))
    with_roles(made, "meg", ProjectRole.MANAGER)
    return with_roles(made, "max", ProjectRole.MANAGER, ProjectRole.REVIEWER)


@pytest.fixture
def visit(world: World) -> Visit:
    """A browser in which somebody is signed in, by login."""
    app = app_for(world.database)
    return lambda login: Browser(app).sign_in_as(world.people[login])


def form_fields(world: World, **stated: object) -> dict[str, object]:
    reviewers = [world.people[login].public_id for login in ("ann", "ben")]
    return {
        "name": "Before we begin",
        "rubric_version": "1",
        "follows": "",
        "choosing": "random",
        "n": "3",
        "boundary": "",
        "items": "",
        "discussed_share": "0.5",
        "reviewers": reviewers,
        **stated,
    }


def ticked(page: Page) -> set[str]:
    """The values of the boxes and choices that stand chosen when the page comes."""
    tags = re.findall(r"<(?:input|option)[^>]*>", page.html)
    return {re.findall(r'value="([^"]*)"', tag)[0] for tag in tags if re.search(r" (?:checked|selected)\b", tag)}


def test_before_the_first_round_the_page_says_what_one_is_good_for(world: World, visit: Visit) -> None:
    page = visit("meg").get("/projects/p/rounds")
    assert "No round yet" in page.text
    assert {world.people[login].public_id for login in ("ann", "ben", "max")} < ticked(page)
    assert "/projects/p/rounds" in [form["action"] for form in page.forms]


def test_a_manager_hands_out_a_round_follows_it_and_closes_it(world: World, visit: Visit) -> None:
    browser = visit("meg")
    browser.get("/projects/p/rounds")
    path = browser.post("/projects/p/rounds", form_fields(world)).location
    page = browser.get(path)
    assert "Round 1: Before we begin" in page.headings[0]
    assert "0 of 6" in page.text
    assert "to nobody before" in page.text
    grade_round(world, "ann")
    grade_round(world, "ben", lambda *_: {"accuracy": "unacceptable", "clarity": None})
    page = browser.get(path)
    assert "Everybody is done." in page.text
    assert "Alpha by criterion" not in page.text
    browser.post(f"{path}/close")
    page = browser.get(path)
    assert "Alpha by criterion" in page.text
    assert "those enter no other figure" in page.text
    assert "Before we begin" in browser.get("/projects/p/rounds").text
    assert browser.post(f"{path}/close").location == path
    assert "This round is closed already." in browser.get(path).text


WRONG: list[tuple[dict[str, object], str]] = [
    ({"name": ""}, "Name"),
    ({"n": "0"}, "How many"),
    ({"n": ""}, "How many"),
    ({"reviewers": []}, "Choose at least two."),
    ({"choosing": "named", "items": "source-id-1\nnowhere"}, "The dataset shows no item"),
    ({"choosing": "boundary", "boundary": ""}, "Choose a boundary."),
    ({"choosing": "triage"}, "No item is disputed."),
    ({"rubric_version": "7"}, "Version of the rubric"),
    ({"discussed_share": "nan"}, "Share that is talked about"),
]


def test_a_wrong_form_comes_back_with_what_is_wrong(world: World, visit: Visit) -> None:
    browser = visit("meg")
    browser.get("/projects/p/rounds")
    for stated, words in WRONG:
        response = browser.post("/projects/p/rounds", form_fields(world, **stated), status=422)
        text = response.get_data(as_text=True)
        assert "There is a problem" in text, stated
        assert words in text, stated


def test_a_second_round_on_the_same_items_shows_what_changed(world: World, visit: Visit) -> None:
    levels = ("unacceptable", "adequate", "excellent")
    first = start(world, n=5, reviewers=tuple(world.people[login].public_id for login in ("ann", "ben")))
    grade_round(world, "ann", lambda _, i: {"accuracy": levels[i % 3], "clarity": levels[i % 2]})
    grade_round(world, "ben", lambda _, i: {"accuracy": levels[(i + 1) % 3], "clarity": levels[i % 2]})
    close(world, first)
    second_version(world, lambda text: text.replace(b"title: Accuracy", b"title: Is it right"))
    browser = visit("meg")
    page = browser.get(f"/projects/p/rounds?follows={first.public_id}")
    chosen = ticked(page)
    assert {first.public_id, "2"} <= chosen
    assert {login for login, one in world.people.items() if one.public_id in chosen} == {"ann", "ben"}
    path = browser.post(
        "/projects/p/rounds", form_fields(world, name="Again", follows=first.public_id, rubric_version="2")
    ).location
    for login in ("ann", "ben"):
        grade_round(world, login, lambda _, i: {"accuracy": levels[i % 3], "clarity": levels[i % 2]}, version=2)
    browser.get(path)
    browser.post(f"{path}/close")
    text = " ".join(browser.get(path).text.split())
    assert "What changed since round 1" in text
    assert "Rubric version 1 before, 2 now, on the 5 items" in text
    assert "agreement measures what people remember" in text
    assert "The words changed, the levels did not." in text
    assert "The question did not change" in text


def test_reviewers_see_no_round_and_make_none(world: World, visit: Visit) -> None:
    round_ = start(world, n=2)
    browser = visit("ann")
    browser.get("/projects/p/rounds", status=403)
    browser.get(f"/projects/p/rounds/{round_.public_id}", status=403)
    browser.post("/projects/p/rounds", form_fields(world), status=403)
    browser.post(f"/projects/p/rounds/{round_.public_id}/close", status=403)


def test_a_round_of_another_project_is_not_found(world: World, visit: Visit) -> None:
    round_ = start(world, n=2)
    browser = visit("meg")
    other = a_project(world.database, name="q", reviewers=["dan", "eva"], adjudicators=["jim"], rubric=OTHER)
    write(
        lambda s: (
            set_member(
                s, other.project.id, world.people["meg"].id, {ProjectRole.MANAGER}, by=None, now=MOMENT
            ).account_id
        ),
        on=world.database,
    )
    browser.get(f"/projects/q/rounds/{round_.public_id}", status=404)
    browser.get("/projects/q/rounds")
    browser.post(f"/projects/q/rounds/{round_.public_id}/close", status=404)
    assert browser.get("/projects/q/rounds?follows=" + round_.public_id).text.count("No round yet") == 1


OTHER = b"""
name: others
version: 1
levels: [bad, good]
criteria:
  - {id: clear, title: Clear}
"""


def test_a_manager_who_grades_the_round_sees_no_figure_of_it_while_it_is_open(world: World, visit: Visit) -> None:
    round_ = start(world, n=2, discussed_share=1.0)
    secret = {"accuracy": "excellent", "clarity": "excellent"}
    grade_round(world, "ann", lambda *_: secret)
    grade_round(world, "ben", lambda *_: secret)
    page = visit("max").get(f"/projects/p/rounds/{round_.public_id}")
    assert "excellent" not in page.html.lower()
    assert "alpha" not in page.html.lower().replace("calibration", "")


def test_the_talk_is_for_those_who_graded_all_of_it_and_begins_when_they_ask(world: World, visit: Visit) -> None:
    round_ = start(world, n=3, discussed_share=1.0)
    path = f"/projects/p/rounds/{round_.public_id}/discussion"
    for login in ("ann", "ben"):
        grade_round(world, login, lambda login, _: GOOD if login == "ann" else {**GOOD, "accuracy": "unacceptable"})
    for login in ("ann", "ben", "max", "meg"):
        visit(login).get(path, status=404)
    let_lapse(world.database)
    sweep(world.database)
    close(world, round_)
    for login in ("max", "meg"):
        visit(login).get(path, status=404)
    ann = visit("ann")
    assert path in ann.get("/projects/p").links
    page = ann.get(path)
    assert "Unacceptable" not in page.text
    assert "Ben" not in page.text
    ann.post(path)
    page = ann.get(path)
    assert page.text.count("Unacceptable") == 3
    assert "Ben" in page.text
    ben = visit("ben")
    ben.get(path)
    ben.post(path)
    assert answers_in_order(ben.get(path)) == answers_in_order(page)
    assert len(answers_in_order(page)) == 3
    assert "Item 1 of 3" in page.text
    assert "source-id" not in page.html
    assert "hidden-model" not in page.html


def answers_in_order(page: Page) -> list[str]:
    """What the models said, from the first item to the last."""
    return re.findall(r"Answer</h3>\s*<div class=\"prose\">(.*?)</div>", page.html, re.DOTALL)


def test_the_manager_is_told_whom_to_ask_to_talk(world: World, visit: Visit) -> None:
    round_ = start(world, n=2, discussed_share=1.0)
    path = f"/projects/p/rounds/{round_.public_id}"
    assert f"{path}/discussion" not in visit("meg").get(path).html
    close(world, round_)
    assert "Ask those who graded all of the 2 items" in visit("meg").get(path).text


def test_what_became_of_an_item_of_a_round_is_shown_nowhere_else(world: World, visit: Visit) -> None:
    start(world, n=2)
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, GOOD)
    browser = visit("ann")
    browser.get(f"/assignments/{lease.assignment}")
    browser.get(f"/assignments/{lease.assignment}/resolution", status=404)
    browser.post(f"/assignments/{lease.assignment}/resolution", status=404)


def test_more_items_are_handed_out_after_the_page_said_what_that_means(world: World, visit: Visit) -> None:
    browser = visit("meg")
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, GOOD)
    page = browser.get("/projects/p/calibration/more-items?criterion=accuracy&n=9")
    text = " ".join(page.text.split())
    assert "1 item graded by one reviewer, and 4 still to be graded by one" in text
    assert "5 – there are no more" in text
    assert "Ann, Ben, Max" in text
    assert "5 reviews, about" in text
    response = browser.post("/projects/p/calibration/more-items", {"criterion": "accuracy", "n": "9"})
    assert response.location == "/projects/p/calibration"
    assert "5 items get a second reviewer. There were no more: 9 were asked for." in browser.get("/projects/p").text
    assert "No item is left to hand out twice" in browser.get("/projects/p/calibration/more-items").text
    browser.get("/projects/p/calibration/more-items?n=2")
    browser.get("/projects/p/rounds")
    response = browser.post("/projects/p/calibration/more-items", {"criterion": "", "n": "1"}, status=409)
    assert "No item is left" in response.get_data(as_text=True)


def test_more_items_need_a_number_and_a_manager(world: World, visit: Visit) -> None:
    browser = visit("meg")
    browser.get("/projects/p/calibration/more-items")
    for n in ("", "0", "x", "1001"):
        browser.post("/projects/p/calibration/more-items", {"criterion": "", "n": n}, status=422)
    visit("ann").get("/projects/p/calibration/more-items", status=403)
