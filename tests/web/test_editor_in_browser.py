"""The rubric editor in a real browser: problems lead to their place, the form follows, nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.web.signed_in import Demo
from tests.web.test_accessibility import Screens

pytestmark = pytest.mark.browser

FAULTY = """\
name: notes
version: one
levels: [bad, good]
criteria:
  - id: truth
    title: Truth
    critical: yes
  - id: use
    title: Use
    wieght: 2
"""
MENDED = {"version": ("one", "1"), "critical": ("yes", "true"), "wieght": ("wieght", "weight")}


def begin(context: BrowserContext, source: str = FAULTY) -> Page:
    page = context.new_page()
    page.goto("/rubrics/new")
    page.locator("#source").fill(source)
    page.get_by_role("button", name="Begin with this").click()
    page.wait_for_url("**/rubrics/drafts/*")
    return page


def text_of(page: Page) -> str:
    return page.locator("#source").input_value()


def type_over(page: Page, n_characters: int, words: str) -> None:
    """Replace what stands behind the caret, by keys."""
    for _ in range(n_characters):
        page.keyboard.press("Delete")
    page.keyboard.type(words)


def test_three_problems_are_mended_by_their_links_and_the_form_follows(demo: Demo) -> None:
    with demo.context("admin") as context:
        page = begin(context)
        problems = page.locator("[data-problems] li")
        expect(problems).to_have_count(3)
        for path, (wrong, right) in MENDED.items():
            problems.filter(has_text=path).get_by_role("link").click()
            type_over(page, len(wrong), right)
            expect(problems.filter(has_text=path)).to_have_count(0)
        expect(page.locator("[data-form] .criterion legend").first).to_contain_text("Truth")
        page.locator("[data-form] .level input").first.check()
        page.locator("#source").fill(text_of(page).replace("title: Use", "title: Usefulness"))
        expect(page.locator("[data-form] .criterion legend").last).to_contain_text("Usefulness")
        assert page.locator("[data-form] .level input").first.is_checked()
        page.locator("#source").fill(text_of(page).replace("[bad, good]", "[bad]"))
        expect(page.locator("[data-outdated]")).to_be_visible()
        expect(page.locator("[data-form] .criterion")).to_have_count(2)
        assert list(Screens(page).faults()) == []
        page.keyboard.press("F8")
        at = page.evaluate("document.activeElement.selectionStart")
        assert text_of(page)[at:].startswith("[bad]")
        page.locator("#source").fill(text_of(page).replace("[bad]", "[bad, good]"))
        expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
        page.get_by_role("button", name="Publish…").click()
        page.get_by_role("button", name="Publish version 1 for good").click()
        page.wait_for_url("**/rubrics/notes/1")


def test_a_draft_survives_a_reload_and_two_tabs_show_both_texts(demo: Demo) -> None:
    with demo.context("admin") as context:
        page = begin(context)
        other = context.new_page()
        other.goto(page.url)
        page.locator("#source").fill("name: mine\n")
        page.reload()  # before it was saved
        assert text_of(page) == "name: mine\n"
        expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
        page.reload()
        assert text_of(page) == "name: mine\n"
        other.locator("#source").fill("name: theirs\n")
        expect(other.locator("[data-saved]")).to_have_attribute("data-state", "conflict")
        other.get_by_role("button", name="Show both").click()
        expect(other.locator("#theirs")).to_have_value("name: mine\n")
        assert text_of(other) == "name: theirs\n"
        assert list(Screens(other).faults()) == []
        other.locator("#source").fill("name: theirs, too\n")
        other.get_by_role("link", name="go on with the other text").click()
        assert text_of(other) == "name: mine\n"
        other.get_by_role("button", name="Show both").click()
        expect(other.locator("#theirs")).to_have_value("name: mine\n")
        assert text_of(other) == "name: theirs, too\n"
        other.get_by_role("button", name="Save and check").click()
        expect(other.locator(".flash")).to_contain_text("Draft saved.")
        assert text_of(other) == "name: theirs, too\n"


def test_the_editor_and_what_follows_it_have_no_fault(demo: Demo) -> None:
    with demo.context("admin") as context:
        page = begin(context)
        seen = Screens(page)
        faults = list(seen.faults())
        page.get_by_role("button", name="Keys").click()
        faults += seen.faults()
        page.goto("/rubrics/engineering-answer/1")
        page.get_by_role("button", name=re.compile("Edit as version")).click()
        page.wait_for_url("**/rubrics/drafts/*")
        draft = page.url
        faults += seen.faults()
        page.locator("#source").fill(
            text_of(page).replace("weight: 2", "weight: 3").replace("excellent:", "excellent:  ")
        )
        page.get_by_role("button", name="Compare").click()
        page.wait_for_url("**/compare")
        faults += seen.faults()
        page.goto(f"{draft}/publish")
        faults += seen.faults()
        page.goto("/rubrics")
        faults += seen.faults()
    assert faults == []
