"""The page of a case in a real browser: by keyboard, with its draft, its quotes, and without a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.signed_in import Demo
from tests.web.test_accessibility import faults_of

pytestmark = pytest.mark.browser


def open_case(page: Page, *, with_quotes: bool = False) -> None:
    """The first case of the queue, taken; or the first in which somebody quoted what the rendered answer shows."""
    page.goto("/projects/demo/cases")
    buttons = page.locator("main td:last-child .button")
    for n in range(buttons.count()):
        buttons.nth(n).click()
        page.wait_for_url("**/cases/*")
        if not with_quotes or page.locator(".margin .who").count():
            return
        page.goto("/projects/demo/cases")
    pytest.fail("no case of the demo has a quote")


def test_a_case_is_found_and_decided_by_keyboard_alone(demo: Demo) -> None:
    with demo.context("adjudicator") as context:
        page = context.new_page()
        page.goto("/projects/demo/cases")
        expect(page.locator("[data-module=rows]")).to_be_visible()
        for key in ("j", "j", "k", "Enter"):
            page.keyboard.press(key)
        page.wait_for_url("**/cases/*")
        url, n_disputed = page.url, page.locator("fieldset.criterion").count()
        for _ in range(n_disputed):
            page.keyboard.press("2")
        expect(page.locator("#rationale")).to_be_focused()
        page.keyboard.type("The 2 figures of the second part are wrong.")
        for key in ("Tab", "Space", "Control+Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("status")).to_contain_text("Decided")
        assert page.url == url
        page.wait_for_load_state()  # the page's modules have run
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('evalhub:case'))") == []
        page.get_by_role("link", name="Decide anew").click()
        expect(page.locator("#rationale")).to_have_value("")
        page.goto(url)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda at: "/cases/" in at and at != url)
        expect(page.locator("fieldset.criterion").first).to_be_visible()


def test_what_was_typed_outlives_a_reload_and_a_refused_decision(demo: Demo) -> None:
    with demo.context("adjudicator") as context:
        page = context.new_page()
        open_case(page)
        url = page.url
        page.keyboard.press("1")
        page.locator("#rationale").fill("Half a thought.")
        page.goto("/")
        page.goto(url)
        expect(page.locator("#rationale")).to_have_value("Half a thought.")
        expect(page.locator("fieldset.criterion :checked")).to_have_count(1)
        expect(page.locator("[data-missing]")).to_contain_text("the cause")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#error-summary")).to_be_visible()
        expect(page.locator("#rationale")).to_have_value("Half a thought.")
        page.goto(url)
        expect(page.locator("#rationale")).to_have_value("Half a thought.")
        page.locator("#rationale").fill("")


def test_a_decision_of_another_leaves_the_draft_in_the_form(demo: Demo) -> None:
    with demo.context("adjudicator") as context:
        page = context.new_page()
        open_case(page)
        page.locator("#rationale").fill("My own words.")
        kept = page.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('evalhub:case'))")
        page.evaluate(
            "([key, text]) => localStorage.setItem(key, JSON.stringify({ ...JSON.parse(text), revision: 'before' }))",
            kept,
        )
        page.reload()
        expect(page.locator("[data-draft-words]")).to_contain_text("Somebody decided in the meantime")
        expect(page.locator("#rationale")).to_have_value("My own words.")
        page.evaluate("localStorage.clear()")


def test_a_quote_leads_to_its_place_and_back_by_keyboard_and_by_click(demo: Demo) -> None:
    with demo.context("adjudicator") as context:
        page = context.new_page()
        open_case(page, with_quotes=True)
        marked = "[...CSS.highlights].filter(([name, range]) => name.startsWith('reviewer') && range.size).length"
        assert page.evaluate(marked) >= 1
        badge = page.locator(".margin .who").first
        badge.focus()
        page.keyboard.press("Enter")
        quote = page.locator(".case-quotes button:focus")
        expect(quote).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator(".margin .who:focus")).to_have_count(1)
        words = quote_at(page)
        page.mouse.click(*words)
        expect(page.locator(".case-quotes button:focus")).to_have_count(1)


def quote_at(page: Page) -> tuple[float, float]:
    """A point within the first marked passage, which is in view."""
    found = page.evaluate("""() => {
        const [, ranges] = [...CSS.highlights].find(([name, range]) => name.startsWith('reviewer') && range.size);
        const [range] = ranges;
        range.startContainer.parentElement.scrollIntoView({ block: 'center' });
        const box = range.getClientRects()[0];
        return [box.left + 4, box.top + box.height / 2];
    }""")
    return found[0], found[1]


def test_no_key_acts_while_somebody_types_the_rationale(demo: Demo) -> None:
    with demo.context("adjudicator") as context:
        page = context.new_page()
        open_case(page)
        page.locator("#rationale").press_sequentially("123 jkr?")
        expect(page.locator("#rationale")).to_have_value("123 jkr?")
        expect(page.locator("fieldset.criterion :checked")).to_have_count(0)
        expect(page.locator("#case-keys")).not_to_be_visible()
        page.evaluate("localStorage.clear()")


def test_a_case_needs_no_script(demo: Demo) -> None:
    with demo.context("adjudicator", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/projects/demo/cases")
        page.locator("main td:last-child .button").last.click()
        for criterion in page.locator("fieldset.criterion").all():
            criterion.locator("input").first.check()
        page.get_by_label("Why?").fill("It is wrong throughout.")
        page.get_by_label("Reviewer slip").check()
        page.get_by_role("button", name=re.compile("^Decide")).click()
        expect(page.get_by_role("status")).to_contain_text("Decided")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_states_of_a_case_have_no_fault(demo: Demo, scheme: str, width: int) -> None:
    """Decided, decided anew, refused; with everything unfolded and the sheet of keys."""
    with demo.context("adjudicator", color_scheme=scheme, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto("/projects/demo/cases?state=decided&q=nothing")
        faults = faults_of(page)
        page.goto("/projects/demo/cases?state=decided")
        page.locator("main td:last-child .button").first.click()
        page.wait_for_url("**/cases/*")
        faults += faults_of(page)
        page.goto(f"{page.url}?anew=1")
        for details in page.locator("details").all():
            details.evaluate("details => details.open = true")
        faults += faults_of(page)
        page.keyboard.press("?")
        faults += faults_of(page)
        page.keyboard.press("Escape")
        page.evaluate("document.getElementById('decision-form').submit()")  # past the script, to the server's answer
        page.wait_for_selector("#error-summary")
        assert faults + faults_of(page) == []
