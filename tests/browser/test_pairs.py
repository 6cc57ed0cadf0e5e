"""Two answers side by side, graded and compared by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from evalhub.db import Database
from tests.browser.conftest import SignIn
from tests.review.test_pairs import a_world, preferences
from tests.servers import serving
from tests.web.test_accessibility import SCREENS, faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_whole_pair_by_keyboard(sqlite_database: Database, tmp_path: Path, sign_in: SignIn) -> None:
    world = a_world(sqlite_database)
    with serving(sqlite_database, tmp_path, workers=1) as server:
        page = sign_in(server, sqlite_database, world.people["ann"].id)
        page.get_by_role("button", name="Next item").press("Enter")
        expect(page.locator("[data-clock]")).to_be_visible()
        press(page, "3", "2", "Control+Enter")
        expect(page.get_by_text("you have scored it")).to_be_visible()
        expect(page.locator("[data-clock]")).to_be_visible()
        second = page.url
        press(page, "2", "2", "Control+Enter")
        expect(page.get_by_role("status")).to_contain_text("Missing: Preference")
        press(page, "5", "n")
        page.keyboard.type("It names its source.")
        press(page, "Escape")
        expect(page.locator("[data-saved]")).to_contain_text("Draft saved")
        page.reload()
        expect(page.get_by_label("Right much better")).to_be_checked()
        expect(page.locator("[data-clock]")).to_be_visible()
        assert_faultless(page)
        press(page, "j", "j", "4", "Control+Enter")
        page.wait_for_url(lambda url: url != second)
    [kept] = preferences(world)
    assert (kept.choice, kept.reason) == ("right_better", "It names its source.")


def assert_faultless(page: Page) -> None:
    """In each scheme and at each width, with what was given to the other answer opened."""
    for own in page.locator(".own:not([open]) > summary").all():
        own.press("Enter")
    page.locator("body").press("Escape")
    for scheme, width in SCREENS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert faults_of(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
