"""axe-core finds nothing on any page, in either scheme, at any width; no page scrolls sideways."""

from __future__ import annotations

from pathlib import Path

import axe_core_python
import pytest
from playwright.sync_api import Browser, Page

from tests.web.signed_in import Demo, next_item

pytestmark = pytest.mark.browser

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
SCREENS = [("light", 1440), ("dark", 820), ("dark", 390), ("light", 320)]
PAGES = {
    "admin": [
        "/", "/projects", "/projects/demo", "/projects/demo/members", "/projects/new", "/projects/demo/cases",
        "/projects/demo/cases?state=decided", "/projects/demo/calibration",
        "/projects/demo/calibration?criterion=accuracy",
        "/projects/demo/calibration/more-items?n=5", "/projects/demo/rounds", "/projects/demo/models",
        "/projects/demo/exports", "/rubrics",
        "/rubrics/new", "/rubrics/engineering-answer/1", "/datasets", "/datasets/demo-answers",
        "/datasets/demo-answers/import", "/people", "/people?q=nobody", "/inbox", "/inbox?box=sent",
        "/rubrics/engineering-answer/rulings", "/projects/demo/calibration/boundaries/accuracy/1",
        "/audit", "/design", "/account", "/reviews", "/nowhere",
    ],
    "adjudicator": ["/", "/projects/demo", "/projects/demo/cases", "/reviews"],
    "reviewer": ["/", "/projects/demo", "/reviews"],
}  # fmt: skip


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page that is shown: its frame, its width, and what axe says."""
    faults = []
    headings = page.locator("h1").all_inner_texts()
    if len(headings) != 1 or not page.title().startswith(headings[0].strip()):
        faults.append(f"one h1 that begins the title: {headings}, {page.title()!r}")
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append("it scrolls sideways")
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for violation in found["violations"]:
        places = [" ".join(node["target"]) for node in violation["nodes"]]
        faults.append(f"{violation['id']}: {places[:3]}")
    return [f"{page.url}: {fault}" for fault in faults]


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), SCREENS)
@pytest.mark.parametrize("person", PAGES)
def test_pages_have_no_fault(demo: Demo, person: str, scheme: str, width: int) -> None:
    faults = []
    with demo.context(person, color_scheme=scheme, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        for path in PAGES[person]:
            page.goto(path)
            faults += faults_of(page)
    assert faults == []


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_the_review_page_has_no_fault_in_any_state(demo: Demo, scheme: str, width: int) -> None:
    faults = []
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with demo.context("reviewer", **options) as context:
        page = context.new_page()
        next_item(page)
        faults += faults_of(page)
        page.locator(".criterion .level input").first.check()
        page.keyboard.press("r")
        for details in page.locator("details").all():
            details.evaluate("details => details.open = true")
        faults += faults_of(page)
        page.keyboard.press("?")
        faults += faults_of(page)
        page.keyboard.press("Escape")
        page.evaluate("document.getElementById('review-form').submit()")  # past the script, to the server's answer
        page.wait_for_selector("#error-summary")
        faults += faults_of(page)
    assert faults == []


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_a_case_has_no_fault(demo: Demo, scheme: str, width: int) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with demo.context("adjudicator", **options) as context:
        page = context.new_page()
        page.goto("/projects/demo/cases")
        page.locator("main table button, main table a.button").first.click()
        page.wait_for_url("**/cases/*")
        assert faults_of(page) == []


def test_a_stranger_s_pages_have_no_fault(demo: Demo, chromium: Browser) -> None:
    with chromium.new_context(base_url=demo.url, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto("/sign-in")
        faults = faults_of(page)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        assert faults + faults_of(page) == []
