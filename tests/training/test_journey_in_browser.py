"""From the guidance to the first live item, as a new reviewer goes it; every page on the way has no fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from evalhub.db import Database, now
from evalhub.training.models import Use
from evalhub.training.queries.references import gold_named, golds_of
from evalhub.training.schema.judging import Known
from evalhub.training.schema.reference import ReferenceAnswer
from evalhub.training.service.golds import replace_reference
from evalhub.web.session import write
from tests.browser.conftest import SignIn
from tests.servers import serving
from tests.training.worlds import a_training
from tests.web.test_accessibility import faults_of
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENS = (("light", 1440), ("dark", 390))
QUOTE = {"side": "response", "start": 0, "end": 6, "exact": "Answer", "prefix": "", "suffix": " number"}


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """A project that requires a certificate, with one item to practise on whose reference quotes the answer."""
    gold = {Use.PRACTICE: 1, Use.QUALIFICATION: 5}
    made = a_training(sqlite_database, items=1, gold=gold, reviewers=("ann",), requires_certificate=True)

    def quote(session: Session) -> None:
        line = golds_of(session, made.project.id, use=Use.PRACTICE)[0]
        gold = gold_named(session, made.project.id, line.gold.public_id)
        reference = {
            "accuracy": ReferenceAnswer(Known(1), "One slip.", (QUOTE,)),
            "clarity": ReferenceAnswer(Known(1), "", (QUOTE,)),
        }
        replace_reference(session, gold, reference, note="", by=None, at=now(session))

    write(quote, on=sqlite_database)
    return made


def look_at(page: Page) -> list[str]:
    """What is wrong with the page that is shown, wide and light, narrow and dark."""
    faults = []
    for scheme, width in SCREENS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        faults += [f"{scheme} {width}: {fault}" for fault in faults_of(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})
    return faults


def go_to(page: Page, link: str) -> list[str]:
    page.get_by_role("link", name=link, exact=True).click()
    return look_at(page)


def grade_by_keys(page: Page, keys: str) -> None:
    """Grade the item that is shown, and wait for what comes next."""
    page.wait_for_url("**/assignments/*")
    here = page.url
    for key in keys:
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != here and not url.endswith("/onward"))


def test_a_new_reviewer_is_led_to_the_first_item(world: World, tmp_path: Path, sign_in: SignIn) -> None:
    with serving(world.database, tmp_path, workers=1) as server:
        page = sign_in(server, world.database, world.people["ann"].id, reduced_motion="reduce")
        page.get_by_role("link", name="Training", exact=True).click()
        faults = look_at(page)
        faults += go_to(page, "Read the guidance")
        faults += go_to(page, "Next: examples")
        page.get_by_role("link", name="Next: practise").click()
        page.get_by_role("button", name="Start practising").click()
        expect(page.locator(".topbar")).to_contain_text("Practice 1 of 1")
        grade_by_keys(page, "32")
        faults += read_feedback(page)
        page.wait_for_load_state("networkidle")
        page.keyboard.press("c")
        page.wait_for_url("**/attempts/*")
        faults += look_at(page)
        page.get_by_role("button", name="Start the qualification").click()
        for n in range(1, 5):
            expect(page.locator(".topbar")).to_contain_text(f"Qualification {n} of 5")
            grade_by_keys(page, "22")
        expect(page.locator("main")).to_contain_text("You are certified for version 1")
        faults += look_at(page)
        page.get_by_role("button", name="To the first item").click()
        expect(page.locator(".topbar")).to_contain_text("0 done")
        page.goto("/projects/p/training")
        expect(page.locator("main")).to_contain_text("valid for version 1")
        faults += look_at(page)
    assert faults == []


def read_feedback(page: Page) -> list[str]:
    """The reference's quotes are marked in the answer and lead there; the key shows the raw text."""
    page.wait_for_url("**/feedback")
    expect(page.locator("main")).to_contain_text("One slip.")
    badges = page.locator(".margin .who")
    expect(badges).to_have_count(2)
    page.get_by_role("button", name="The reference on Accuracy").first.click()
    assert page.evaluate("CSS.highlights.get('reviewer-1').size") == 2
    page.keyboard.press("r")
    expect(page.locator("#view-raw")).to_be_checked()
    page.keyboard.press("r")
    page.locator("#disagree summary").click()
    faults = look_at(page)
    page.get_by_label("Your words").fill("It is no slip.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Sent to the owner of the rubric")
    return faults
