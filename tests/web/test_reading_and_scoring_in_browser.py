"""Quotes lead to their text and back, long conversations are walked by key, and a whole rubric is seen at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from evalhub.accounts.service import change_settings, open_session
from evalhub.db import Database
from evalhub.migrating import upgrade
from evalhub.projects.schema import OverlapPlan
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.servers import serving
from tests.world import World, a_project

pytestmark = pytest.mark.browser

LEVELS = ["unacceptable", "adequate", "excellent"]
TEXT = "The claims hold for the versions named, and whoever acts on them is told what is assumed."
CRITERION = """
  - id: {id}
    title: {id}
    description: Are the claims, figures and commands right here?
    note: {{required_at_or_below: unacceptable}}
    levels: [{levels}]
"""
RUBRIC = "name: four\nversion: 1\ncriteria:" + "".join(
    CRITERION.format(id=key, levels=", ".join(f"{{id: {level}, description: '{TEXT}'}}" for level in LEVELS))
    for key in ("accuracy", "completeness", "risk", "reproducibility")
)
TURNS = [{"role": "user", "content": f"Turn {n + 1} " + "word " * 80} for n in range(39)]
ANSWER = "It is **quite** plain that $x^2$ grows.\n\nIt is quite plain again: the end.\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    folder = tmp_path_factory.mktemp("reading")
    database = Database(f"sqlite:///{folder / 'evalhub.db'}")
    upgrade(database)
    item = {"id": "one", "messages": TURNS, "response": ANSWER, "model": "m"}
    found = a_project(database, items=[item], overlap=OverlapPlan(base=1), rubric=RUBRIC.encode())
    with serving(database, folder, workers=1) as server:
        yield found, server.url
    database.close()


@pytest.fixture
def page(world: tuple[World, str], chromium: Browser) -> Iterator[Page]:
    """The review page of the one item, for Ann."""
    found, url = world
    ann = found.people["ann"].id
    secret = write(partial(open_session, account_id=ann, life=timedelta(hours=1), now=utc_now()), on=found.database)
    lease = found.claim("ann")
    assert lease is not None
    with chromium.new_context(base_url=url, viewport={"width": 1440, "height": 900}) as context:
        context.add_cookies([{"name": f"evalhub-{url.rsplit(':', 1)[1]}", "value": secret, "url": url}])
        page = context.new_page()
        page.goto(f"/assignments/{lease.assignment}")
        yield page


def select(page: Page, first: str, last: str) -> None:
    """Select in the rendered answer from the first words of one text to the last of another."""
    page.evaluate(
        """([first, last]) => {
          const texts = [];
          const walker = document.createTreeWalker(document.getElementById("answer"), NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) texts.push(walker.currentNode);
          const [from, to] = [first, last].map((words) => texts.find((text) => text.data.includes(words)));
          getSelection().setBaseAndExtent(from, from.data.indexOf(first), to, to.data.indexOf(last) + last.length);
        }""",
        [first, last],
    )


def test_every_descriptor_of_four_criteria_is_seen_without_scrolling_the_rubric(page: Page) -> None:
    seen = page.evaluate(
        """() => {
          const end = document.querySelector(".score-actions").getBoundingClientRect().top;
          const texts = [...document.querySelectorAll(".level-text")];
          return texts.filter((text) => text.getBoundingClientRect().bottom <= end).length;
        }"""
    )
    assert seen == 4 * len(LEVELS)


def test_a_click_on_quoted_text_leads_to_its_criterion_and_the_quote_leads_back(page: Page) -> None:
    page.keyboard.press("j")
    select(page, "plain again", "the end")
    page.keyboard.press("q")
    expect(page.locator("#c-completeness [data-quotes] a")).to_have_text("“plain again: the end”")
    page.evaluate("getSelection().removeAllRanges()")
    page.keyboard.press("k")
    last = page.locator("#answer p").last
    last.evaluate("paragraph => paragraph.scrollIntoView({block: 'center'})")
    last.click(position={"x": 130, "y": 12})
    expect(page.locator("#c-completeness")).to_have_class("criterion is-current")
    expect(page.locator("#c-completeness [data-quotes] a")).to_be_focused()
    page.evaluate("window.scrollTo(0, 0)")
    page.keyboard.press("Enter")
    expect(last).to_be_in_viewport()
    page.get_by_role("button", name="Remove the quote").click()
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")


def test_words_that_do_not_stand_so_in_the_raw_text_are_to_be_selected_there(page: Page) -> None:
    page.evaluate(
        """() => {
          const [first] = document.querySelectorAll("#answer p");
          getSelection().setBaseAndExtent(first, 0, first, first.childNodes.length);
        }"""
    )
    page.keyboard.press("q")
    expect(page.get_by_role("status")).to_contain_text("Switch to Raw text (R)")
    expect(page.locator("[data-quotes] li")).to_have_count(0)


def test_turns_are_walked_by_key_and_the_folded_ones_open(page: Page) -> None:
    expect(page.locator("[data-turn]:visible")).to_have_count(14)
    page.evaluate("window.scrollTo(0, document.querySelector('.answer').offsetTop)")
    for _ in range(20):
        page.keyboard.press("[")
    expect(page.locator("[data-turn]:visible")).to_have_count(39)
    before = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("]")
    after = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert int(after.split()[1]) == int(before.split()[1]) + 1


def test_a_remapped_key_acts_and_the_old_one_no_longer_does(page: Page, world: tuple[World, str]) -> None:
    found, _ = world
    ann = found.people["ann"].id
    write(lambda session: change_settings(session, ann, keys={"raw": "w"}), on=found.database)
    page.reload()
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator("#answer")).not_to_be_visible()
    write(lambda session: change_settings(session, ann, keys={}), on=found.database)
