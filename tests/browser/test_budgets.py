"""The review page is light, asks nobody else, and keeps its own content security policy."""

from __future__ import annotations

import pytest

from tests.browser.weight import VIOLATIONS, violations_of, weight_of
from tests.web.signed_in import Demo, next_item

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REQUESTS = 5
PAGE_KILOBYTES = 60
SCRIPT_KILOBYTES = 15


def test_the_review_page_stays_within_its_budget_and_its_host(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        path = next_item(context.new_page())
    with demo.context("reviewer") as fresh:
        found = weight_of(fresh, path, demo.url)
    assert found.requests <= REQUESTS
    assert found.bytes_gz <= PAGE_KILOBYTES * 1024
    assert found.script_bytes_gz <= SCRIPT_KILOBYTES * 1024
    assert found.violations == []
    assert found.foreign == []


def test_a_whole_review_breaks_no_policy_and_asks_no_other_host(demo: Demo) -> None:
    asked: list[str] = []
    with demo.context("reviewer") as context:
        page = context.new_page()
        page.add_init_script(VIOLATIONS)
        page.on("request", lambda request: asked.append(request.url))
        path = next_item(page)
        for key in ("?", "Escape", "r", "g", "3", "3", "u", "3", "j", "3", "3"):
            page.keyboard.press(key)
        for criterion in page.locator(".criterion").all():
            criterion.locator(".is-best input").check()
        page.locator("[data-saved][data-state=saved]").wait_for()
        violations = violations_of(page)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: not url.endswith(path))
        assert violations + violations_of(page) == []
    assert [url for url in asked if not url.startswith((demo.url, "data:", "blob:"))] == []
