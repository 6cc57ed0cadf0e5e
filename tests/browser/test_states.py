"""Every state of the review page, as the person before it sees it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from evalhub.db import Database, now
from evalhub.review.models import Assignment, AssignmentState, Draft, Review, Task
from evalhub.rubrics.service import add_rubric
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.browser.chaos import RUBRIC, Stage, stage
from tests.web.client import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = 30
ARTEFACTS = os.environ.get("EVALHUB_ARTEFACTS")
SHOWN = "The words of a careful person."
_numbers = count()


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One server for all tests, each of which takes a reviewer and an item of its own."""
    folder = tmp_path_factory.mktemp("states")
    shutil.copyfile(sqlite_template, folder / "evalhub.db")
    database = Database(f"sqlite:///{folder / 'evalhub.db'}")
    with stage(database, folder, runs=PEOPLE) as found:
        yield found
    database.close()


class Desk:
    """A reviewer's tab with one item in it."""

    def __init__(self, house: Stage, context: BrowserContext, login: str) -> None:
        self.house, self.context, self.login = house, context, login
        lease = house.world.claim(login)
        assert lease is not None
        self.lease = lease
        self.path = f"/assignments/{lease.assignment}"
        self.page = context.new_page()
        self.page.goto(self.path)

    @property
    def saved(self) -> Any:
        return expect(self.page.locator("[data-saved]"))

    def picture(self, state: str, page: Page | None = None) -> None:
        """Keep a picture of the state, where EVALHUB_ARTEFACTS names a folder for them."""
        if ARTEFACTS:
            (page or self.page).screenshot(path=Path(ARTEFACTS) / f"review-{state}.png")

    def write(self, text: str = SHOWN, page: Page | None = None) -> None:
        (page or self.page).locator("#overall-note").fill(text)

    def answer_all(self) -> None:
        self.page.keyboard.press("Escape")  # out of the field
        for key in "333":
            self.page.keyboard.press(key)

    def submit(self) -> None:
        self.answer_all()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_url(lambda url: not url.endswith(self.path))

    def move_lease(self, by: timedelta) -> None:
        """Let the lease end so far from now."""
        change = sa.update(Assignment).where(Assignment.public_id == self.lease.assignment)
        write(
            lambda session: session.execute(change.values(leased_until=now(session) + by)),
            on=self.house.world.database,
        )

    @property
    def row(self) -> Assignment:
        with self.house.world.database.reading() as session:
            return session.scalars(sa.select(Assignment).where(Assignment.public_id == self.lease.assignment)).one()

    @property
    def draft(self) -> dict[str, Any]:
        with self.house.world.database.reading() as session:
            found = session.get(Draft, (self.lease.project_id, self.lease.task_id, self.lease.reviewer_id))
            return found.body if found else {}

    @property
    def reviews(self) -> list[Review]:
        of_item = {"task_id": self.lease.task_id, "reviewer_id": self.lease.reviewer_id}
        with self.house.world.database.reading() as session:
            return list(session.scalars(sa.select(Review).filter_by(**of_item).order_by(Review.revision)))


@contextmanager
def at_desk(house: Stage, chromium: Browser, **options: Any) -> Iterator[Desk]:
    login = f"r{next(_numbers)}"
    with chromium.new_context(base_url=house.server.url, viewport={"width": 1440, "height": 900}, **options) as context:
        context.set_default_timeout(15_000)
        house.sign_in(context, login)
        yield Desk(house, context, login)


@pytest.fixture
def desk(house: Stage, chromium: Browser) -> Iterator[Desk]:
    with at_desk(house, chromium) as found:
        yield found


@pytest.fixture
def plain(house: Stage, chromium: Browser) -> Iterator[Desk]:
    """The same without JavaScript."""
    with at_desk(house, chromium, java_script_enabled=False) as found:
        yield found


def test_fresh_becomes_unsaved_saving_and_saved(desk: Desk) -> None:
    desk.saved.to_have_attribute("data-state", "fresh")
    desk.picture("fresh")
    held = []
    desk.page.route("**/draft", lambda route: held.append(route))  # noqa: PLW0108 -- it marks what it is given
    desk.write()
    desk.saved.to_have_text("Not saved yet")
    desk.saved.to_have_text("Saving…")
    desk.picture("saving")
    held.pop().continue_()
    desk.saved.to_have_text(re.compile(r"^Draft saved \d"))
    desk.picture("saved")
    assert desk.draft["note"] == SHOWN


def test_offline_keeps_the_words_in_the_browser_and_goes_on_by_itself(desk: Desk) -> None:
    desk.context.set_offline(True)
    desk.write()
    desk.saved.to_contain_text("Offline")
    desk.picture("offline")
    assert SHOWN in desk.page.evaluate("JSON.stringify(localStorage)")
    desk.context.set_offline(False)
    desk.saved.to_contain_text("Draft saved")
    assert desk.draft["note"] == SHOWN


def test_a_review_that_nobody_answered_is_sent_again_until_somebody_does_and_stored_once(desk: Desk) -> None:
    desk.answer_all()
    desk.context.set_offline(True)
    desk.page.keyboard.press("Control+Enter")
    desk.saved.to_have_attribute("data-state", "sending")
    expect(desk.page.locator("#lease-banner")).to_contain_text("kept in this browser")
    desk.picture("sending")
    desk.context.set_offline(False)
    desk.page.wait_for_url(lambda url: not url.endswith(desk.path))
    assert [review.revision for review in desk.reviews] == [1]


def test_a_review_whose_tab_was_loaded_again_while_it_waited_is_sent_once(desk: Desk) -> None:
    desk.answer_all()
    desk.page.route("**/assignments/*", lambda route: (route.fetch(max_redirects=0), route.abort()), times=1)
    desk.page.keyboard.press("Control+Enter")
    desk.saved.to_have_attribute("data-state", "sending")
    desk.page.reload()
    desk.page.wait_for_url(lambda url: not url.endswith(desk.path))
    assert [review.revision for review in desk.reviews] == [1]


@pytest.mark.parametrize(("choice", "chosen"), [("Keep this one", "from two"), ("Load the other", "from one")])
def test_two_tabs_show_both_versions_and_lose_neither(desk: Desk, choice: str, chosen: str) -> None:
    other = desk.context.new_page()
    other.goto(desk.path)
    desk.write("from one")
    desk.saved.to_contain_text("Draft saved")
    desk.write("from two", page=other)
    expect(other.locator("[data-saved]")).to_have_attribute("data-state", "conflict")
    desk.picture("conflict", other)
    for words in ("from one", "from two"):
        expect(other.locator("[data-versions]")).to_contain_text(words)
    assert desk.draft["note"] == "from one"
    other.get_by_role("button", name=choice).click()
    expect(other.locator("[data-saved]")).to_contain_text("Draft saved")
    assert desk.draft["note"] == chosen
    kept = other.evaluate("JSON.stringify(localStorage)")
    assert ("from one" if chosen == "from two" else "from two") in kept


def test_a_lease_that_ends_is_named_and_one_key_extends_it(desk: Desk) -> None:
    desk.move_lease(timedelta(seconds=100))
    desk.page.reload()
    expect(desk.page.locator("#lease-banner")).to_contain_text("Any key keeps it")
    desk.picture("lease-ending")
    desk.page.keyboard.press("j")
    expect(desk.page.locator("#lease-banner")).to_be_hidden()
    until = desk.row.leased_until
    assert until is not None
    assert until > utc_now() + timedelta(minutes=10)


def test_a_lost_lease_takes_complete_work_as_an_extra_review(desk: Desk) -> None:
    desk.move_lease(timedelta(seconds=-60))
    _wait_until(lambda: desk.row.state is AssignmentState.EXPIRED, desk.page)
    _taken_by_another(desk)
    desk.page.reload()
    expect(desk.page.locator(".score")).to_contain_text("Your lease has ended")
    desk.picture("lease-lost")
    desk.write()
    desk.submit()
    expect(desk.page.get_by_role("status")).to_contain_text("extra review")
    assert desk.row.state is AssignmentState.EXTRA
    assert [review.note for review in desk.reviews] == [SHOWN]


def test_a_lost_lease_keeps_what_is_incomplete_as_a_draft(desk: Desk) -> None:
    desk.move_lease(timedelta(seconds=-60))
    _wait_until(lambda: desk.row.state is AssignmentState.EXPIRED, desk.page)
    _taken_by_another(desk)
    desk.write()
    desk.saved.to_contain_text("Draft saved")
    desk.page.reload()
    expect(desk.page.locator("#overall-note")).to_have_value(SHOWN)


def test_a_person_who_was_signed_out_signs_in_on_the_page_and_goes_on(desk: Desk) -> None:
    desk.answer_all()
    desk.context.clear_cookies()
    desk.write()
    desk.saved.to_have_attribute("data-state", "signed-out")
    desk.page.get_by_role("button", name="Sign in here").click()
    desk.picture("signed-out")
    desk.page.get_by_label("Sign-in name").fill(desk.login)
    desk.page.get_by_label("Password").fill("not the one")
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("alert")).to_contain_text("do not belong together")
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.page.keyboard.press("Enter")
    desk.saved.to_contain_text("Draft saved")
    assert desk.draft["note"] == SHOWN
    desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_url(lambda url: not url.endswith(desk.path))
    assert [review.note for review in desk.reviews] == [SHOWN]


def test_a_newer_version_of_the_rubric_is_named_and_this_item_finishes_on_its_own(desk: Desk) -> None:
    newer = RUBRIC.replace(b"version: 1", b"version: 2")
    write(
        lambda session: add_rubric(session, newer, source_name="r.yaml", actor_id=None, now=utc_now()),
        on=desk.house.world.database,
    )
    desk.page.reload()
    expect(desk.page.locator("#newer-version")).to_contain_text("graded on version 1")
    desk.picture("newer-version")
    desk.submit()
    assert len(desk.reviews) == 1


def test_what_was_submitted_can_be_undone_for_ten_seconds(desk: Desk) -> None:
    desk.context.clock.install()
    desk.write()
    desk.submit()
    undo = desk.page.get_by_role("button", name="Undo")
    desk.picture("submitted")
    undo.click()
    desk.page.wait_for_url(lambda url: url.endswith(desk.path))
    expect(desk.page.locator("#overall-note")).to_have_value(SHOWN)
    expect(desk.page.locator(".score")).to_contain_text("Reopened")
    desk.picture("reopened")
    desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_url(lambda url: not url.endswith(desk.path))
    expect(undo).to_be_visible()
    desk.page.clock.fast_forward(11_000)
    expect(undo).to_have_count(0)
    assert [review.revision for review in desk.reviews] == [1, 2]


def test_a_reopened_review_stands_until_it_is_submitted_again(desk: Desk) -> None:
    desk.write()
    desk.submit()
    desk.page.goto(desk.path)
    expect(desk.page.locator(".criterion:disabled")).to_have_count(3)
    desk.page.get_by_role("button", name="Reopen").click()
    desk.write("Thought over.")
    desk.saved.to_contain_text("Draft saved")
    assert [review.note for review in desk.reviews] == [SHOWN]
    desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_url(lambda url: not url.endswith(desk.path))
    assert [review.note for review in desk.reviews] == [SHOWN, "Thought over."]


def test_a_settled_item_is_read_only_and_says_so(desk: Desk) -> None:
    desk.submit()
    of_item = sa.update(Task).where(Task.project_id == desk.lease.project_id, Task.id == desk.lease.task_id)
    write(lambda session: session.execute(of_item.values(settled_at=now(session))), on=desk.house.world.database)
    desk.page.goto(desk.path)
    expect(desk.page.locator(".score")).to_contain_text("It is settled")
    desk.picture("settled")
    expect(desk.page.get_by_role("button", name="Reopen")).to_have_count(0)


def test_the_whole_work_goes_by_keyboard_alone(desk: Desk) -> None:
    desk.context.clear_cookies()
    page = desk.page
    page.goto("/")
    tab_to(page, "input[name=login]")
    page.keyboard.type(desk.login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    tab_to(page, "main a.primary, main button.primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/assignments/*")
    page.keyboard.press("3")
    page.keyboard.press("1")
    page.keyboard.press("k")
    page.keyboard.press("n")
    page.keyboard.type("1 of its 3 claims is vague.")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("0")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: not url.endswith(desk.path))
    page.goto("/reviews")
    tab_to(page, f"main a[href$='{desk.path}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{desk.path}")
    expect(page.locator("#note-clarity")).to_have_value("1 of its 3 claims is vague.")
    tab_to(page, "form[action$='/reopen'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".score")).to_contain_text("Reopened")


def test_without_javascript_a_person_saves_submits_undoes_and_submits_again(plain: Desk) -> None:
    page = plain.page
    plain.write()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status")).to_contain_text("Draft saved")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("Not stored yet")
    expect(page.locator("#overall-note")).to_have_value(SHOWN)
    for level in page.locator(".criterion .is-best input").all():
        level.check()
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#overall-note")).to_have_value(SHOWN)
    page.get_by_role("button", name="Submit").click()
    assert [review.note for review in plain.reviews] == [SHOWN, SHOWN]


def test_without_javascript_a_person_who_was_signed_out_loses_nothing(plain: Desk) -> None:
    page = plain.page
    plain.write()
    for level in page.locator(".criterion .is-best input").all():
        level.check()
    plain.context.clear_cookies()
    page.get_by_role("button", name="Submit").click()
    page.get_by_label("Sign-in name").fill(plain.login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Stored")
    assert [review.note for review in plain.reviews] == [SHOWN]


def test_a_note_over_the_limit_is_refused_and_stays_on_the_page(desk: Desk) -> None:
    long = SHOWN + "x" * 20_001
    desk.answer_all()
    desk.page.locator("#overall-note").evaluate("box => box.removeAttribute('maxlength')")
    desk.write(long)
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.get_by_role("alert").first).to_contain_text("20")
    expect(desk.page.locator("#overall-note")).to_have_value(long)
    assert desk.reviews == []


def test_a_stale_version_of_the_rubric_is_refused_and_everything_stays(desk: Desk) -> None:
    desk.answer_all()
    desk.write()
    desk.page.locator("[name=rubric_version]").evaluate("field => field.value = '7'")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator("#error-summary")).to_contain_text("version 1 of the rubric")
    expect(desk.page.locator("#overall-note")).to_have_value(SHOWN)
    desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_url(lambda url: not url.endswith(desk.path))
    assert [review.note for review in desk.reviews] == [SHOWN]


def test_an_item_of_somebody_else_is_not_there(desk: Desk, house: Stage, chromium: Browser) -> None:
    with at_desk(house, chromium) as other:
        assert other.page.goto(desk.path).status == 404  # type: ignore[union-attr] # it navigates
        nowhere = other.page.content()
        other.page.goto("/assignments/00000000000000000000000000000000")
        assert _without_tokens(other.page.content()) == _without_tokens(nowhere)


def tab_to(page: Page, selector: str, *, presses: int = 80) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(presses):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def _taken_by_another(desk: Desk) -> None:
    """The item's only place is somebody else's by now."""
    of_item = sa.update(Task).where(Task.project_id == desk.lease.project_id, Task.id == desk.lease.task_id)
    write(lambda session: session.execute(of_item.values(free_slots=0, is_open=False)), on=desk.house.world.database)


def _wait_until(holds: Any, page: Page) -> None:
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen in ten seconds")


def _without_tokens(html: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]+"', "", html)
