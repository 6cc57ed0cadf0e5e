"""Asking the owner of the rubric from the review page, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.signed_in import Demo, next_item

pytestmark = pytest.mark.browser


def test_a_question_is_sent_by_keyboard_and_what_was_typed_stays(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        path = next_item(page)
        page.keyboard.press("3")
        page.keyboard.press("n")
        page.keyboard.type("half a note")
        page.keyboard.press("Escape")
        page.keyboard.press("f")
        expect(page.locator("#flag-text")).to_be_focused()
        expect(page.locator("#flag-criterion")).to_have_value("completeness")
        page.keyboard.type("Does a missing source count?")
        context.set_offline(True)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#flag-error")).to_contain_text("cannot be reached")
        context.set_offline(False)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("Sent to the owner of the rubric")
        expect(page.locator("#note-completeness")).to_have_value("half a note")
        assert page.url.endswith(path)
        page.goto("/inbox?box=sent")
        expect(page.locator("main table")).to_contain_text("Does a missing source count?")


def test_without_scripts_the_form_comes_back_to_the_review(demo: Demo) -> None:
    with demo.context("reviewer", java_script_enabled=False) as context:
        page = context.new_page()
        path = next_item(page)
        page.locator("#flag summary").click()
        page.locator("#flag-text").fill("What if the prompt is cut off?")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("Sent to the owner of the rubric")
        assert page.url.endswith(path)
