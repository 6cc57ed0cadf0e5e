"""The review page without JavaScript: claim, draft, submit, skip, reopen; nothing typed is lost."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.audit.models import AuditEvent
from evalhub.db import Database, now
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, AssignmentState, Draft, Rating, ReturnedReview, Review
from evalhub.web.session import write
from tests.web.client import Browser, Page, app_for
from tests.world import World, a_project


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return a_project(sqlite_database, items=2, overlap=OverlapPlan(base=2))


def browser_of(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def take_next(browser: Browser) -> str:
    """The path of the next review page."""
    browser.get("/")
    return browser.post("/projects/p/next").headers["Location"]


def fields_of(page: Page, **answers: str) -> dict[str, str]:
    names = ("lease", "rubric_version", "idempotency_key", "draft_revision")
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page.html) for name in names}
    return {name: found[1] for name, found in hidden.items() if found} | answers


def test_a_review_by_plain_forms_leads_to_the_next_item(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    page = browser.get(path)
    assert "Answer number" in page.text
    assert "hidden-model" not in page.html
    assert "source-id" not in page.html
    sent = fields_of(page, **{"level-accuracy": "excellent", "level-clarity": "__na__", "note-accuracy": "Right."})
    following = browser.post(path, sent).headers["Location"]
    assert following.startswith("/assignments/")
    assert following != path
    with world.database.reading() as session:
        ratings = session.execute(sa.select(Rating.level, Rating.not_applicable).order_by(Rating.criterion_id)).all()
    assert [tuple(rating) for rating in ratings] == [(2, False), (None, True)]
    page = browser.get(path)
    assert "You submitted this" in page.text


def test_an_incomplete_review_keeps_every_word(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    page = browser.get(path)
    sent = fields_of(page, **{"level-accuracy": "adequate", "note-accuracy": "typed <b>words</b>", "note": "and more"})
    again = Page(browser.post(path, sent, status=422))
    assert "Clarity" in again.text
    assert "typed &lt;b&gt;words&lt;/b&gt;" in again.html
    assert "and more" in again.html
    assert re.search(r'value="adequate" checked', again.html)


def test_a_line_end_counts_once_as_it_does_in_the_browser(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    answers = {"level-accuracy": "adequate", "level-clarity": "adequate", "note": "no\r\n" * 6_666}
    browser.post(path, fields_of(browser.get(path), **answers))
    with world.database.reading() as session:
        assert session.scalars(sa.select(Review.note)).one() == ("no\n" * 6_666).strip()


@pytest.mark.parametrize("action", ["", "/draft"])
@pytest.mark.parametrize(
    ("field", "text"), [("note", "words " * 4_000), ("note-accuracy", "words " * 4_000), ("evidence-accuracy", "[1]")]
)
def test_what_is_too_long_or_cannot_be_read_is_shown_again_with_every_word(
    world: World, action: str, field: str, text: str
) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    sent = {"level-accuracy": "adequate", "level-clarity": "adequate", "note-clarity": "typed in full", field: text}
    page = Page(browser.post(path + action, fields_of(browser.get(path)) | sent, status=422))
    assert "typed in full" in page.html
    assert (text in page.html) is text.startswith("words")
    assert "Not stored yet" in page.text


def test_a_draft_is_there_when_the_page_is_opened_again(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    sent = fields_of(browser.get(path), **{"level-accuracy": "adequate", "note": "half done"})
    browser.post(f"{path}/draft", sent)
    page = browser.get(path)
    assert "half done" in page.html
    with world.database.reading() as session:
        assert session.scalars(sa.select(Draft.body)).one() == {"scores": {"accuracy": "adequate"}, "note": "half done"}


def test_two_windows_never_overwrite_in_silence(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    first = fields_of(browser.get(path), note="first window")
    second = {**first, "note": "second window"}
    browser.post(f"{path}/draft", first)
    answer = browser.post(f"{path}/draft", second, status=409)
    assert "second window" in answer.get_data(as_text=True)
    with world.database.reading() as session:
        assert session.scalars(sa.select(Draft.body)).one()["note"] == "first window"


def test_a_submission_without_a_session_stores_nothing_and_is_kept(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    sent = fields_of(browser.get(path), **{"level-accuracy": "excellent", "level-clarity": "adequate", "note": "kept!"})
    browser.client.delete_cookie(f"evalhub-{80}", domain="localhost")
    for cookie in list(browser.client._cookies or {}):  # every cookie of the signed-in session
        browser.client.delete_cookie(cookie[2], domain=cookie[0], path=cookie[1])
    answer = browser.client.post(path, data={**sent, "csrf_token": browser.token}, base_url=browser.base_url)
    assert answer.status_code == 401
    assert "kept!" in answer.get_data(as_text=True)
    with world.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 0


def test_a_skip_needs_a_reason_and_hands_out_the_next_item(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    lease = fields_of(browser.get(path))["lease"]
    browser.post(f"{path}/skip", {"lease": lease, "reason": "because"}, status=422)
    following = browser.post(f"{path}/skip", {"lease": lease, "reason": "outside_my_field", "text": "law"})
    assert following.headers["Location"].startswith("/assignments/")
    page = browser.get(path)
    assert "You passed this item on" in page.text
    assert "Submit" not in page.text
    with world.database.reading() as session:
        states = session.scalars(sa.select(Assignment.state)).all()
    assert sorted(states) == [AssignmentState.LEASED, AssignmentState.SKIPPED]


def test_a_reopened_review_can_be_submitted_again(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    answers = {"level-accuracy": "excellent", "level-clarity": "adequate"}
    browser.post(path, fields_of(browser.get(path), **answers))
    browser.get(path)
    browser.post(f"{path}/reopen")
    page = browser.get(path)
    assert re.search(r'value="excellent" checked', page.html)
    browser.post(path, fields_of(page, **{**answers, "level-accuracy": "unacceptable"}))
    with world.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 2
        assert sorted(level for level in session.scalars(sa.select(Rating.level)) if level is not None) == [0, 1]


def reopened(world: World, browser: Browser) -> str:
    path = take_next(browser)
    answers = {"level-accuracy": "excellent", "level-clarity": "adequate", "note": "what was submitted"}
    browser.post(path, fields_of(browser.get(path), **answers))
    browser.get(path)
    browser.post(f"{path}/reopen")
    return path


def test_a_reopened_review_can_be_left_as_it_was(world: World) -> None:
    browser = browser_of(world, "ann")
    path = reopened(world, browser)
    changed = fields_of(browser.get(path), note="a change", **{"level-accuracy": "unacceptable"})
    browser.post(f"{path}/draft", changed)
    assert "drops your changes" in browser.get(path).text
    browser.post(f"{path}/leave")
    page = browser.get(path)
    assert "your changes are dropped" in page.text
    assert "You submitted this" in page.text
    assert "what was submitted" in page.text
    assert page.form("/projects/p/next")
    with world.database.reading() as session:
        assert session.scalars(sa.select(Draft.body).where(Draft.revises.is_not(None))).all() == []
        assert [review.note for review in session.scalars(sa.select(Review))] == ["what was submitted"]
        actions = list(session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))
    assert actions[-1] == "review.left"


def test_only_a_reopened_review_can_be_left_and_its_other_window_stores_nothing(world: World) -> None:
    browser = browser_of(world, "ann")
    path = reopened(world, browser)
    other = fields_of(browser.get(path), **{"level-accuracy": "unacceptable", "level-clarity": "adequate"})
    browser.post(f"{path}/leave")
    assert "is not open" in browser.post(f"{path}/leave", status=409).get_data(as_text=True)
    browser.post(path, other, status=409)
    with world.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 1


def test_a_review_that_was_sent_back_cannot_be_left(world: World) -> None:
    browser = browser_of(world, "ann")
    path = reopened(world, browser)

    def sent_back(session: Session) -> None:
        row = session.scalars(sa.select(Assignment).where(Assignment.public_id == path.rsplit("/", 1)[1])).one()
        place = {"project_id": row.project_id, "task_id": row.task_id, "reviewer_id": row.reviewer_id}
        judy = world.people["judy"].id
        session.add(
            ReturnedReview(
                **place, revision=row.revision, reason="Say why.", returned_by_id=judy, returned_at=now(session)
            )
        )

    write(sent_back, on=world.database)
    page = browser.get(path)
    assert "Returned to you" in page.text
    assert f"{path}/leave" not in page.html
    browser.post(f"{path}/leave", status=409)
    assert "Returned to you" in browser.get(path).text


def test_a_skip_has_no_reason_until_one_is_chosen(world: World) -> None:
    browser = browser_of(world, "ann")
    path = take_next(browser)
    page = browser.get(path)
    assert re.search(r'<select id="skip-reason"[^>]* required>\s*<option value="">', page.html)
    refused = browser.post(f"{path}/skip", {"lease": fields_of(page)["lease"], "reason": ""}, status=422)
    assert "Choose why you pass it on." in refused.get_data(as_text=True)


def test_who_reviews_finds_their_reviews_and_questions_in_the_navigation(world: World) -> None:
    ann, judy = browser_of(world, "ann").get("/"), browser_of(world, "judy").get("/")
    assert {"/reviews", "/inbox?box=sent"} <= set(ann.links)
    assert "/inbox?box=sent" not in judy.links
    assert 'href="/reviews">My reviews' not in judy.html


def test_the_page_of_another_reviewer_is_404(world: World) -> None:
    path = take_next(browser_of(world, "ann"))
    browser_of(world, "ben").get(path, status=404)
