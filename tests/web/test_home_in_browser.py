"""From home to a goal and its summary by keyboard alone; what is shown on the way has no fault."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.schema import Goal
from evalhub.accounts.service import change_settings
from evalhub.web.session import write
from tests.web.signed_in import Demo
from tests.web.test_accessibility import faults_of

pytestmark = pytest.mark.browser


def reviewer_sets_goal(demo: Demo, goal: Goal) -> None:
    def change(session: Session) -> None:
        by_name = sa.select(Account.id).where(Account.display_name == "Demo reviewer")
        change_settings(session, session.scalars(by_name).one(), goal=goal)

    write(change, on=demo.database)


def press_once_ready(page: Page, key: str, then: str) -> None:
    """Press a key as soon as its script has come."""
    page.wait_for_load_state("networkidle")
    page.keyboard.press(key)
    page.wait_for_url(then)


@pytest.mark.parametrize("key", ["c", "Enter"])
def test_one_key_on_home_leads_to_the_item(demo: Demo, key: str) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        page.goto("/")
        press_once_ready(page, key, "**/assignments/*")


def test_a_key_typed_into_a_field_leads_nowhere(demo: Demo) -> None:
    with demo.context("reviewer") as context:
        page = context.new_page()
        page.goto("/")
        page.wait_for_load_state("networkidle")
        page.get_by_text("Set a goal").click()
        page.get_by_label("How many?").focus()
        page.keyboard.press("c")
        expect(page).to_have_url(demo.url + "/")


def test_the_goal_leads_to_the_summary_by_keyboard_alone(demo: Demo) -> None:
    reviewer_sets_goal(demo, Goal(kind="items", amount=1))
    with demo.context("reviewer") as context:
        page = context.new_page()
        page.goto("/")
        press_once_ready(page, "c", "**/assignments/*")
        expect(page.locator(".topbar")).to_contain_text("0 of 1")
        page.wait_for_load_state("networkidle")
        for _ in page.locator(".criterion").all():
            page.keyboard.press("3")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/session")
        expect(page.locator("main")).to_contain_text("Your goal is met")
        press_once_ready(page, "c", "**/assignments/*")
    faults = []
    for scheme, width in (("light", 1440), ("dark", 390)):
        with demo.context("reviewer", color_scheme=scheme, viewport={"width": width, "height": 900}) as context:
            page = context.new_page()
            for path in ("/", "/session", "/reviews"):
                page.goto(path)
                for details in page.locator("main details").all():
                    details.evaluate("details => details.open = true")
                faults += faults_of(page)
    assert faults == []
