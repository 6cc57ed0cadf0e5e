"""axe-core finds nothing on any page, in either scheme, at any width; no page scrolls sideways.

A page is loaded once and seen on two screens, one of each scheme, one wide and one narrow; which two goes round from
page to page. With EVALHUB_ALL_SCREENS=1 every page is seen on all eight.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import count, product
from pathlib import Path

import axe_core_python
import pytest
from playwright.sync_api import Browser, Page

from evalhub.db import Database
from tests.jobs.work import work_off
from tests.web.client import app_for
from tests.web.signed_in import Demo, next_item

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
SCREENS = [("light", 1440), ("dark", 820), ("dark", 390), ("light", 320)]
ALL_SCREENS = list(product(("light", "dark"), (1440, 820, 390, 320)))
TURNS = [
    [("light", 1440), ("dark", 390)],
    [("dark", 820), ("light", 320)],
    [("dark", 1440), ("light", 390)],
    [("light", 820), ("dark", 320)],
]
SEES_ALL = os.environ.get("EVALHUB_ALL_SCREENS") == "1"
PAGES = {
    "admin": [
        "/", "/projects", "/projects/demo", "/projects/demo/members", "/projects/new", "/projects/demo/cases",
        "/projects/demo/settings", "/start", "/projects/demo/adopt", "/projects/demo/taken-out",
        "/projects/demo/reviews/void",
        "/projects/demo/cases?state=decided", "/projects/demo/calibration",
        "/projects/demo/calibration?criterion=accuracy",
        "/projects/demo/calibration/more-items?n=5", "/projects/demo/rounds", "/projects/demo/models",
        "/projects/demo/items", "/projects/demo/items?state=final&model=nobody",
        "/projects/demo/items/billing-rollout:atlas-1", "/projects/demo/items/billing-rollout:atlas-1/withdraw",
        "/projects/demo/items/billing-rollout:atlas-1/restore", "/projects/demo/items/billing-rollout:atlas-1/replace",
        "/projects/demo/exports", "/projects/demo/training/manage", "/rubrics",
        "/rubrics/new", "/rubrics/engineering-answer/1", "/rubrics/engineering-answer/1/compare/1",
        "/datasets", "/datasets/demo-answers",
        "/datasets/demo-answers/import", "/datasets/demo-answers/undo/1", "/projects/demo/ratings/import",
        "/people", "/people?q=nobody", "/people/invite", "/inbox", "/inbox?box=sent",
        "/rubrics/engineering-answer/rulings", "/projects/demo/calibration/boundaries/accuracy/1",
        "/audit", "/projects/demo/audit", "/design", "/account", "/account/display", "/reviews", "/nowhere",
    ],
    "adjudicator": ["/", "/projects/demo", "/projects/demo/cases", "/reviews"],
    "reviewer": [
        "/", "/?hours=month", "/projects/demo", "/reviews", "/reviews?show=voided", "/session",
        "/projects/demo/training", "/projects/demo/training/guidance", "/projects/demo/training/anchors",
    ],
}  # fmt: skip

NO_PAGES = re.compile(r"\.|/(file|download|yaml|progress|onward)$|^/(livez|readyz|metrics)$|^/static/")
"""Addresses that answer with a file, a figure or a redirect."""
OF_AN_OBJECT = {
    "review.desk", "datasets.upload", "adjudication.case", "accounts.sign_in", "accounts.link", "accounts.person",
    "review.leaving", "review.ratings_upload",  # below
    "rubrics.draft", "rubrics.compare_draft", "rubrics.publish_draft",  # test_editor_in_browser.py
    "calibration.round_page", "calibration.discussion",  # test_rounds_in_browser.py
    "training.feedback", "training.result",  # tests/training/test_journey_in_browser.py
    "projects.job",  # tests/browser/test_job_progress.py
    "adjudication.nobody_left", "adjudication.owner_form", "adjudication.reconcile_form", "adjudication.resolution",
    "inbox.entry", "training.edit_reference", "training.new_reference",  # parts that other pages have, too
}  # fmt: skip
"""Pages of what the demo does not hold from the beginning, or whose address only a link knows."""


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page that is shown: its frame, its width, and what axe says."""
    faults = []
    headings = page.locator("h1").all_inner_texts()
    if len(headings) != 1 or not page.title().startswith(headings[0].strip()):
        faults.append(f"one h1 that begins the title: {headings}, {page.title()!r}")
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append("it scrolls sideways")
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for violation in found["violations"]:
        places = [" ".join(node["target"]) for node in violation["nodes"]]
        faults.append(f"{violation['id']}: {places[:3]}")
    return [f"{page.url}: {fault}" for fault in faults]


class Screens:
    """Looks at what a page shows on the screens whose turn it is."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._turn = count()

    def faults(self) -> Iterator[str]:
        for scheme, width in ALL_SCREENS if SEES_ALL else TURNS[next(self._turn) % len(TURNS)]:
            # Without motion, for a colour on its way to another has too little contrast.
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # one of its literals
            self.page.set_viewport_size({"width": width, "height": 900})
            yield from (f"{scheme} {width}: {fault}" for fault in faults_of(self.page))


def test_every_page_is_looked_at(sqlite_database: Database) -> None:
    addresses = app_for(sqlite_database).url_map
    paths = {path.partition("?")[0] for paths in PAGES.values() for path in paths} - {"/nowhere"}
    seen = {addresses.bind("localhost").match(path, "GET")[0] for path in paths}
    pages = {
        rule.endpoint
        for rule in addresses.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/") and not NO_PAGES.search(rule.rule)
    }
    assert pages - seen == OF_AN_OBJECT


@pytest.mark.parametrize("person", PAGES)
def test_pages_have_no_fault(demo: Demo, person: str) -> None:
    faults: list[str] = []
    with demo.context(person) as context:
        seen = Screens(context.new_page())
        for path in PAGES[person]:
            seen.page.goto(path)
            faults += seen.faults()
    assert faults == []


def test_the_review_page_has_no_fault_in_any_state(demo: Demo) -> None:
    faults: list[str] = []
    with demo.context("reviewer") as context:
        page = context.new_page()
        seen = Screens(page)
        path = next_item(page)
        faults += seen.faults()
        page.locator(".criterion .level input").first.check()
        page.keyboard.press("r")
        for details in page.locator("details").all():
            details.evaluate("details => details.open = true")
        faults += seen.faults()
        page.keyboard.press("?")
        faults += seen.faults()
        page.keyboard.press("Escape")
        other = context.new_page()
        other.goto(path)
        page.locator("#overall-note").fill("From one window.")
        page.locator("[data-saved][data-state=saved]").wait_for()
        other.locator("#overall-note").fill("From the other.")
        other.locator("[data-saved][data-state=conflict]").wait_for()
        faults += Screens(other).faults()
        cookies = context.cookies()
        context.clear_cookies()
        page.locator("#overall-note").fill("Signed out meanwhile.")
        page.get_by_role("button", name="Sign in here").click()
        page.locator("#signing-in[open]").wait_for()
        faults += seen.faults()
        context.add_cookies(cookies)  # type: ignore[arg-type] # what it gave
        page.evaluate("document.getElementById('review-form').submit()")  # past the script, to the server's answer
        page.wait_for_selector("#error-summary")
        faults += seen.faults()
    assert faults == []


def test_a_submitted_and_a_reopened_review_have_no_fault(demo: Demo) -> None:
    faults: list[str] = []
    with demo.context("reviewer") as context:
        page = context.new_page()
        seen = Screens(page)
        path = next_item(page)
        for level in page.locator(".criterion .is-best input").all():
            level.check()
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: not url.endswith(path))
        faults += seen.faults()
        page.goto(path)
        faults += seen.faults()
        page.get_by_role("button", name="Reopen").click()
        faults += seen.faults()
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: not url.endswith(path))
    assert faults == []


def test_a_file_on_its_way_in_has_no_fault(demo: Demo) -> None:
    good = b'{"id": "x1", "prompt": "Why?", "response": "As ChatGPT I say: | a |"}\n'
    with demo.context("admin") as context:
        page = context.new_page()
        seen = Screens(page)
        faults: list[str] = []
        for body in (b'{"uuid": 1, "question": "Why?"}\n' * 20, good):
            page.goto("/datasets/demo-answers/import")
            file = {"name": "items.jsonl", "mimeType": "application/jsonl", "buffer": body}
            page.locator("input[name=file]").set_input_files(file)  # type: ignore[arg-type] # one of its shapes
            page.get_by_role("button", name="Upload and check").click()
            page.wait_for_url("**/imports/*")
            faults += seen.faults()
            work_off(demo.database)
            page.reload()
            faults += seen.faults()
        assert faults == []


def test_pages_of_a_person_have_no_fault(demo: Demo) -> None:
    with demo.context("admin") as context:
        page = context.new_page()
        seen = Screens(page)
        page.goto("/people")
        page.get_by_role("link", name="Demo reviewer").click()
        page.wait_for_url("**/people/*")
        faults = list(seen.faults())
        page.goto("/projects/demo/members")
        page.get_by_role("link", name=re.compile("^Remove Demo reviewer")).click()
        page.wait_for_url("**/remove")
        assert faults + list(seen.faults()) == []


def test_what_reviews_would_be_voided_has_no_fault(demo: Demo) -> None:
    with demo.context("admin") as context:
        page = context.new_page()
        page.goto("/projects/demo/reviews/void")
        page.get_by_role("button", name="Show what it would do").click()
        page.get_by_role("heading", name="What this will do").wait_for()
        page.evaluate("document.querySelector('main form[method=post]').submit()")  # without a reason
        page.wait_for_selector("#error-summary")
        assert list(Screens(page).faults()) == []


def test_past_ratings_on_their_way_in_have_no_fault(demo: Demo) -> None:
    body = b'{"item_id": "oncall-rota:atlas-1", "reviewer": "zoe", "criterion": "accuracy", "level": "superb"}\n'
    with demo.context("admin") as context:
        page = context.new_page()
        page.goto("/projects/demo/ratings/import")
        file = {"name": "ratings.jsonl", "mimeType": "application/jsonl", "buffer": body}
        page.locator("input[name=file]").set_input_files(file)  # type: ignore[arg-type] # one of its shapes
        page.get_by_role("button", name="Upload and check").click()
        page.wait_for_url("**/imports/*")
        work_off(demo.database)
        page.reload()
        page.locator("main .error-summary").wait_for()
        assert list(Screens(page).faults()) == []


def test_a_case_has_no_fault(demo: Demo) -> None:
    with demo.context("adjudicator") as context:
        page = context.new_page()
        page.goto("/projects/demo/cases")
        page.locator("main table button, main table a.button").first.click()
        page.wait_for_url("**/cases/*")
        assert list(Screens(page).faults()) == []


def test_a_stranger_s_pages_have_no_fault(demo: Demo, chromium: Browser) -> None:
    with chromium.new_context(base_url=demo.url) as context:
        page = context.new_page()
        seen = Screens(page)
        page.goto("/sign-in")
        faults = list(seen.faults())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        faults += seen.faults()
        page.goto(f"/links/{'x' * 43}")
        assert faults + list(seen.faults()) == []
