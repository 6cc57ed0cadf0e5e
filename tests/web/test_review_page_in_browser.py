"""The review page in a real browser: its keys, and what they lead to."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from evalhub.web.rendering import render_markdown
from tests.web.signed_in import Demo, next_item

pytestmark = pytest.mark.browser

CRITERIA = 4


def answered_by_keys(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_four_criteria_take_five_keystrokes(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        path = next_item(page)
        answered_by_keys(page, "3333")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: not url.endswith(path))
        page.goto(path)
        expect(page.locator(".criterion input:checked")).to_have_count(CRITERIA)
        expect(page.locator(".criterion:disabled")).to_have_count(CRITERIA)


def test_what_is_missing_is_named_and_nothing_is_sent(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        path = next_item(page)
        answered_by_keys(page, "33")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("status")).to_contain_text("Missing")
        assert page.url.endswith(path)
        expect(page.locator(".criterion:focus")).to_have_count(1)


def test_a_missing_note_can_be_typed_at_once_and_sent(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        path = next_item(page)
        answered_by_keys(page, "1333")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("status")).to_contain_text("Missing: a note for")
        page.keyboard.type("1 of the 3 figures is wrong.")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: not url.endswith(path))


def test_n_goes_first_to_the_note_that_the_level_just_given_requires(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        next_item(page)
        first, second = page.locator(".criterion").nth(0), page.locator(".criterion").nth(1)
        answered_by_keys(page, "1")
        expect(second).to_be_focused()
        expect(first).to_have_class(re.compile("lacks-note"))
        answered_by_keys(page, "n")
        page.keyboard.type("1 of the 3 figures is wrong.")
        expect(first.locator("textarea")).to_have_value("1 of the 3 figures is wrong.")
        expect(first).not_to_have_class(re.compile("lacks-note"))
        page.keyboard.press("Escape")
        expect(second).to_be_focused()
        answered_by_keys(page, "n")
        expect(second.locator("textarea")).to_be_focused()
        page.keyboard.press("Escape")
        expect(second).to_be_focused()


NUMBERS = ["3306.", "7. seven\n8. eight", "99. a\n100. b", "999999999. Nine.", "- one\n\n  123456. deep"]
PUT_IN = """([html, marker]) => {
  const answer = document.querySelector("#answer");
  answer.innerHTML = html;
  answer.style.overflow = "visible";
  for (const list of answer.querySelectorAll("ol")) list.style.listStylePosition = marker;
  answer.scrollIntoView({ block: "center" });
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_the_numbers_of_a_list_stay_inside_the_box_that_clips(demo: Demo, width: int) -> None:
    with demo.context("reviewer", viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        next_item(page)
        for text in NUMBERS:
            beside = []
            for marker in ("outside", "inside"):
                page.evaluate(PUT_IN, [str(render_markdown(text)), marker])
                box = page.locator("#answer").bounding_box()
                assert box
                strip = {"x": box["x"] - 14, "y": box["y"], "width": 14, "height": box["height"]}
                beside.append(page.screenshot(clip=strip))
            assert beside[0] == beside[1], text


def test_what_is_said_covers_no_text(demo: Demo) -> None:
    for width in (1440, 390):
        with demo.context("reviewer", viewport={"width": width, "height": 900}) as context:
            page = context.new_page()
            next_item(page)
            for key in "qqo":
                page.keyboard.press(key)
            said = page.locator("#status .flash:visible")
            expect(said).to_have_count(1)
            box, bar = said.bounding_box(), page.locator(".score-actions").bounding_box()
            assert box
            assert bar
            assert bar["y"] <= box["y"]
            assert box["y"] + box["height"] <= bar["y"] + bar["height"]


def test_a_click_into_the_answer_draws_no_box(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        next_item(page)
        page.locator("#answer").click()
        outline = page.locator("#answer-title").evaluate("title => getComputedStyle(title).outlineStyle")
        assert outline == "none"


def test_keys_do_nothing_while_somebody_types(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        next_item(page)
        page.locator("#overall-note").fill("")
        page.locator("#overall-note").press_sequentially("123 jk?")
        expect(page.locator("#overall-note")).to_have_value("123 jk?")
        expect(page.locator("#keys")).not_to_be_visible()


def test_raw_text_is_one_key_away(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        next_item(page)
        page.keyboard.press("r")
        expect(page.locator(".answer .raw")).to_be_visible()
        expect(page.locator("#answer")).not_to_be_visible()


SELECT_FIRST_STRONG = """() => {
  const strong = document.querySelector("#answer strong");
  const range = document.createRange();
  range.setStartBefore(strong.parentElement.firstChild);
  range.setEndAfter(strong);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_a_quote_is_kept_by_its_place_in_the_raw_text(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        path = next_item(page)
        page.evaluate(SELECT_FIRST_STRONG)
        page.keyboard.press("q")
        expect(page.locator("[data-quotes] li")).to_have_count(1)
        expect(page.locator("[data-saved]")).to_contain_text("Draft saved")
        page.goto(path)
        expect(page.locator("[data-quotes] li")).to_have_count(1)
        quote = json.loads(page.locator("[name^=evidence-]").first.input_value())[0]
        raw = page.locator(".answer .raw").inner_text() or page.locator(".answer .raw").text_content() or ""
        assert quote["side"] == "response"
        assert raw[quote["start"] : quote["end"]] == quote["exact"]
        page.get_by_role("button", name="Remove the quote").click()
        expect(page.locator("[data-quotes] li")).to_have_count(0)
