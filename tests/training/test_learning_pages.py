"""The reviewer's pages of training: the path, practice with feedback, qualification with its result."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import EntryKind
from evalhub.projects.service import close_project
from evalhub.review.models import Assignment, AssignmentState, Purpose, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.schema import item_alias
from evalhub.training.models import Attempt, Use
from evalhub.training.queries.certificates import certificate_of, stands
from evalhub.training.service.certificates import grant_certificate, withdraw_certificate
from evalhub.training.service.planting import plant
from evalhub.web.session import write
from tests.training.worlds import RIGHT, WRONG, a_training, begin, grade
from tests.web.client import Browser, Page, a_person, app_for
from tests.world import MOMENT, RUBRIC, World

pytestmark = pytest.mark.slow

Visit = Callable[[World, str], Browser]
AT = "/projects/p/training"
EXAMPLES = RUBRIC.replace(
    b"critical: true}",
    b"critical: true, examples: [{level: adequate, text: One figure is off., why: It misleads nobody.}]}",
)


@pytest.fixture
def visit() -> Visit:
    return lambda world, login: Browser(app_for(world.database)).sign_in_as(world.people[login])


def start(browser: Browser, use: str) -> str:
    """Begin an attempt; the path of the review page that it leads to."""
    browser.get(AT)
    return browser.post(f"{AT}/{use}").headers["Location"]


def send(browser: Browser, path: str, scores: Mapping[str, Any], **more: str) -> str:
    """Grade the item of a review page by its form; where that leads in the end."""
    form = browser.get(path).form(path)
    sent = {name: form[name] for name in ("lease", "rubric_version", "idempotency_key", "draft_revision")}
    levels = {f"level-{key}": level for key, level in scores.items()}
    return follow(browser, browser.post(path, {**sent, **levels, **more}).headers["Location"])


def follow(browser: Browser, path: str) -> str:
    """The address that an address of the way on leads to."""
    if not path.endswith("/onward"):
        return path
    answer = browser.client.get(path, base_url=browser.base_url)
    assert answer.status_code == 303
    return answer.headers["Location"]


def words_of(page: Page) -> str:
    return " ".join(page.text.split())


def assignment_for(database: Database, purpose: Purpose) -> str:
    with database.reading() as session:
        return (
            session.scalars(
                sa.select(Assignment.public_id)
                .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
                .where(Task.purpose == purpose, Assignment.state == AssignmentState.SUBMITTED)
            ).first()
            or ""
        )


def test_a_project_without_training_says_so(database: Database, visit: Visit) -> None:
    page = visit(a_training(database), "ann").get(AT)
    assert "This project has no training" in page.text
    assert "/projects/p" in page.links


def test_the_path_tells_the_rule_beforehand(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 2, Use.QUALIFICATION: 5}, requires_certificate=True)
    page = words_of(visit(world, "ann").get(AT))
    assert "You grade 5 items whose levels are known; 4 right ones pass." in page
    assert "passes with a chance of at most" in page
    assert "may try again after 24 hours" in page
    assert "2 items; reading alone takes about 1 minute." in page
    assert "handed out to certified reviewers only" in page


def test_only_reviewers_of_the_project_see_its_training(database: Database) -> None:
    world = a_training(database, gold={Use.PRACTICE: 1})
    stranger, admin = a_person(database, "sam"), a_person(database, "root", role=InstanceRole.ADMIN)
    for path in (AT, f"{AT}/guidance", f"{AT}/anchors"):
        Browser(app_for(database)).sign_in_as(stranger).get(path, status=404)
        Browser(app_for(database)).sign_in_as(admin).get(path, status=403)
        Browser(app_for(database)).sign_in_as(world.people["judy"]).get(path, status=403)


def test_guidance_and_examples_lead_on(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 1}, rubric=EXAMPLES)
    browser = visit(world, "ann")
    assert f"{AT}/anchors" in browser.get(f"{AT}/guidance").links
    page = browser.get(f"{AT}/anchors")
    assert "One figure is off." in page.text
    assert "Why: It misleads nobody." in page.text
    assert "The rubric gives no example of this level." in page.text
    assert f"{AT}#practice" in page.links


def test_practice_shows_each_answer_beside_the_reference(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 2})
    browser = visit(world, "ann")
    desk = start(browser, "practice")
    assert "Practice 1 of 2" in words_of(browser.get(desk))
    there = send(browser, desk, WRONG, **{"note-accuracy": "Nothing is wrong."})
    assert there == f"{desk}/feedback"
    page = words_of(browser.get(there))
    assert "not right" in page
    assert "1 of 2 criteria as the reference has them" in page
    for words in ("Excellent", "Adequate", "One slip.", "Nothing is wrong.", "Practice: 1 of 2 done"):
        assert words in page
    following = browser.post(f"{AT}/practice").headers["Location"]
    assert "Practice 2 of 2" in words_of(browser.get(following))
    done = browser.get(send(browser, following, RIGHT))
    assert "How it went" in done.text
    result = next(link for link in done.links if "/attempts/" in link)
    page = words_of(browser.get(result))
    assert "1 of 2" in page
    assert "Read again: Accuracy" in page
    assert "/assignments/" in str(browser.get(result).links)


def test_what_was_practised_on_is_an_example_too(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 1})
    browser = visit(world, "ann")
    there = send(browser, start(browser, "practice"), RIGHT)
    assert there in browser.get(f"{AT}/anchors").links
    assert there not in visit(world, "ben").get(f"{AT}/anchors").links


def test_a_practice_review_cannot_be_reopened_once_it_is_answered(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 2})
    browser = visit(world, "ann")
    desk = start(browser, "practice")
    send(browser, desk, WRONG)
    browser.get(desk)
    browser.post(f"{desk}/reopen", status=409)
    assert f"{desk}/feedback" in browser.get(desk).links


def test_there_is_no_feedback_before_the_review_nor_for_others(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 2})
    browser = visit(world, "ann")
    desk = start(browser, "practice")
    browser.get(f"{desk}/feedback", status=404)
    send(browser, desk, RIGHT)
    browser.get(f"{desk}/feedback")
    visit(world, "ben").get(f"{desk}/feedback", status=404)


def test_other_work_has_no_feedback_and_looks_alike(database: Database, visit: Visit) -> None:
    world = a_training(database, items=1, gold={Use.QUALIFICATION: 5, Use.GOLD: 1})
    write(lambda s: plant(s, world.project.id, world.people["ann"].id), on=database)
    grade(world, "ann", [RIGHT] * 2)
    begin(world, "ann", Use.QUALIFICATION)
    grade(world, "ann", [RIGHT])
    browser = visit(world, "ann")
    answers = {}
    for purpose in (Purpose.LIVE, Purpose.GOLD, Purpose.QUALIFICATION):
        desk = f"/assignments/{assignment_for(database, purpose)}"
        answers[purpose] = [browser.get(f"{desk}/feedback", status=404).html]
        browser.get(desk)
        browser.post(f"{desk}/disagreement", {"text": "no"}, status=404)
        if purpose is not Purpose.QUALIFICATION:
            answers[purpose].append(browser.get(f"{desk}/onward", status=404).html)
    assert answers[Purpose.LIVE] == answers[Purpose.GOLD]
    assert answers[Purpose.QUALIFICATION] == answers[Purpose.LIVE][:1]


def test_disagreement_goes_to_the_owner_of_the_rubric(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 1})
    browser = visit(world, "ann")
    there = send(browser, start(browser, "practice"), WRONG)
    browser.get(there)
    said = there.replace("feedback", "disagreement")
    empty = browser.post(said, {"criterion": "accuracy", "text": ""}, status=422).get_data(as_text=True)
    assert "Say what it is about." in empty
    assert 'value="accuracy"' in empty
    sent = {"criterion": "accuracy", "text": "No slip: the figure is rounded."}
    assert browser.post(said, sent).headers["Location"] == there
    with database.reading() as session:
        entry = session.scalars(sa.select(InboxEntry)).one()
    assert (entry.kind, entry.criterion_key) == (EntryKind.DISAGREEMENT, "accuracy")
    assert entry.subject in there


def test_a_qualification_ends_early_with_its_result(database: Database, visit: Visit) -> None:
    world = a_training(database, items=1, gold={Use.QUALIFICATION: 5}, requires_certificate=True)
    browser = visit(world, "ann")
    there = start(browser, "qualification")
    for n in range(1, 5):
        page = browser.get(there)
        assert f"Qualification {n} of 5" in words_of(page)
        there = send(browser, there, RIGHT)
    page = browser.get(there)
    assert "/attempts/" in there
    for words in ("passed", "4 of 4", "4 of 5", "The rule, as it stood beforehand", "ended when the outcome was fixed"):
        assert words in words_of(page)
    live = browser.post("/projects/p/next").headers["Location"]
    assert "Qualification" not in words_of(browser.get(live))
    page = words_of(browser.get(AT))
    assert "valid for version 1" in page
    assert "you stand at 0 points" in page


def test_who_fails_learns_when_to_try_again_and_what_to_read(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    browser = visit(world, "ann")
    there = send(browser, start(browser, "qualification"), WRONG)
    assert there.startswith("/assignments/")
    there = send(browser, there, WRONG)
    page = browser.get(there)
    for words in ("not passed", "0 of 2", "Read again: Accuracy", "You may try again from"):
        assert words in words_of(page)
    assert f"{AT}/anchors#anchors-accuracy" in page.links
    page = browser.get(AT)
    assert "You may try again from" in page.text
    assert f"{AT}/qualification" not in {form["action"] for form in page.forms}
    assert "You may try again from" in words_of(browser.get(browser.post(f"{AT}/qualification").headers["Location"]))


def test_an_item_passed_on_in_a_qualification_leads_on(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    browser = visit(world, "ann")
    there = start(browser, "qualification")
    for _ in range(2):
        form = browser.get(there).form(there)
        skipped = {"lease": form["lease"], "reason": "outside_my_field", "text": ""}
        there = follow(browser, browser.post(f"{there}/skip", skipped).headers["Location"])
    assert "not passed" in words_of(browser.get(there))


def test_the_result_of_a_qualification_is_shown_once_it_has_ended_and_to_nobody_else(
    database: Database, visit: Visit
) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5, Use.GOLD: 1})
    attempt = begin(world, "ann", Use.QUALIFICATION)
    write(lambda s: plant(s, world.project.id, world.people["ann"].id), on=database)
    with database.reading() as session:
        hidden = session.scalars(sa.select(Attempt.public_id).where(Attempt.use == Use.GOLD)).one()
    browser = visit(world, "ann")
    browser.get(f"{AT}/attempts/{attempt.public_id}", status=303)
    browser.get(f"{AT}/attempts/{hidden}", status=404)
    grade(world, "ann", [RIGHT] * 4)
    browser.get(f"{AT}/attempts/{attempt.public_id}")
    visit(world, "ben").get(f"{AT}/attempts/{attempt.public_id}", status=404)


def test_what_is_in_hand_and_not_begun_makes_way_and_comes_again(database: Database, visit: Visit) -> None:
    world = a_training(database, items=1, gold={Use.PRACTICE: 1})
    live = world.claim("ann")
    assert live is not None
    browser = visit(world, "ann")
    desk = start(browser, "practice")
    assert "Practice 1 of 1" in words_of(browser.get(desk))
    with database.reading() as session:
        assert broken_invariants(session, world.project.id) == []
    send(browser, desk, RIGHT)
    again = world.claim("ann")
    assert again is not None
    assert again.task_id == live.task_id


@pytest.mark.parametrize(("held", "begun"), [("next", "practice"), ("practice", "qualification")])
def test_what_was_given_back_is_told_and_stands_among_my_reviews_once_it_is_sent(
    database: Database, visit: Visit, held: str, begun: str
) -> None:
    world = a_training(database, items=1, gold={Use.PRACTICE: 2, Use.QUALIFICATION: 5})
    browser = visit(world, "ann")
    browser.get(AT)
    desk = browser.post("/projects/p/next" if held == "next" else f"{AT}/{held}").headers["Location"]
    form = browser.get(desk).form(desk)
    alias = item_alias(desk.removeprefix("/assignments/"))
    following = start(browser, begun)
    told = f"Item {alias}, which you held and had not begun, was given back: the {begun} comes first."
    assert told in words_of(browser.get(following))
    if held == "next":
        sent = {name: form[name] for name in ("lease", "rubric_version", "idempotency_key", "draft_revision")}
        browser.post(desk, {**sent, "level-accuracy": "adequate", "level-clarity": "adequate"})
        assert desk in browser.get(f"/reviews?show=submitted&q={alias}").links
        assert desk in browser.get("/reviews").links


def test_a_draft_on_what_was_given_back_makes_it_mine_again(database: Database, visit: Visit) -> None:
    world = a_training(database, items=1, gold={Use.PRACTICE: 1})
    browser = visit(world, "ann")
    browser.get(AT)
    live = browser.post("/projects/p/next").headers["Location"]
    form = browser.get(live).form(live)
    start(browser, "practice")
    assert live not in browser.get("/reviews").links
    sent = {name: form[name] for name in ("lease", "rubric_version", "idempotency_key", "draft_revision")}
    browser.post(f"{live}/draft", {**sent, "note": "Half a thought."})
    assert live in browser.get("/reviews?show=draft").links


def test_what_is_begun_is_finished_first(database: Database, visit: Visit) -> None:
    world = a_training(database, items=1, gold={Use.PRACTICE: 1})
    browser = visit(world, "ann")
    browser.get("/projects/p")
    live = browser.post("/projects/p/next").headers["Location"]
    form = browser.get(live).form(live)
    sent = {name: form[name] for name in ("lease", "rubric_version", "idempotency_key", "draft_revision")}
    browser.post(f"{live}/draft", {**sent, "note": "Half a thought."})
    assert start(browser, "practice") == live
    assert "Finish this item first" in browser.get(live).text
    browser.get(live)
    there = send(browser, live, RIGHT)
    assert "Practice 1 of 1" in words_of(browser.get(there))


def test_no_live_item_is_taken_in_hand_at_the_end_of_a_practice(database: Database, visit: Visit) -> None:
    world = a_training(database, items=2, gold={Use.PRACTICE: 1})
    browser = visit(world, "ann")
    send(browser, start(browser, "practice"), RIGHT)
    with database.reading() as session:
        held = sa.select(sa.func.count()).where(Assignment.state == AssignmentState.LEASED)
        assert session.scalar(held) == 0


def test_a_qualification_ends_the_practice_and_bars_a_new_one(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 2, Use.QUALIFICATION: 5})
    browser = visit(world, "ann")
    start(browser, "practice")
    desk = start(browser, "qualification")
    assert "Qualification 1 of 5" in words_of(browser.get(desk))
    refused = browser.get(browser.post(f"{AT}/practice").headers["Location"])
    assert "Finish the qualification first" in refused.text


def test_an_item_of_a_qualification_can_be_undone_until_the_outcome_is_fixed(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    browser = visit(world, "ann")
    desk = start(browser, "qualification")
    following = send(browser, desk, WRONG)
    assert f"{desk}/reopen" in {form["action"] for form in browser.get(following).forms}
    browser.post(f"{desk}/reopen")
    there = send(browser, desk, RIGHT)
    assert there == following
    for _ in range(3):
        there = send(browser, there, RIGHT)
    with database.reading() as session:
        certificate = certificate_of(session, world.project.id, world.people["ann"].id)
        assert stands(certificate, world.project)


def test_gold_shows_nothing_on_its_page(database: Database, visit: Visit) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 1})
    write(lambda s: plant(s, world.project.id, world.people["ann"].id), on=database)
    lease = world.claim("ann")
    assert lease is not None
    page = words_of(visit(world, "ann").get(f"/assignments/{lease.assignment}"))
    assert "0 done" in page
    assert not re.search("practice|qualification|gold", page, re.IGNORECASE)


def test_the_path_tells_why_a_certificate_ended_and_lets_one_qualify_again(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    ann, project_id = world.people["ann"].id, world.project.id
    for act, reason in ((grant_certificate, "Our expert."), (withdraw_certificate, "Two complaints.")):
        write(partial(act, project_id=project_id, account_id=ann, reason=reason, by=None, at=MOMENT), on=database)
    page = visit(world, "ann").get(AT)
    assert "lapsed" in page.text
    assert "Two complaints." in page.text
    assert f"{AT}/qualification" in {form["action"] for form in page.forms}


def test_too_few_items_to_qualify_with_are_told(database: Database, visit: Visit) -> None:
    page = visit(a_training(database, gold={Use.QUALIFICATION: 3}), "ann").get(AT)
    assert "its rule takes 5, and 3 are there for you" in page.text
    assert f"{AT}/qualification" not in {form["action"] for form in page.forms}


def test_nothing_goes_on_in_a_closed_project(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 1, Use.QUALIFICATION: 5})
    held = world.claim("ann")
    begin(world, "ann", Use.PRACTICE)
    write(lambda s: close_project(s, world.project.id, by=None, now=MOMENT), on=database)
    browser = visit(world, "ann")
    assert "The project is closed" in browser.get(AT).text
    assert "The project is closed." in browser.get(start(browser, "qualification")).text
    assert held is not None
    assert start(browser, "practice") == f"/assignments/{held.assignment}", "what is in hand may be finished"


def test_home_and_the_project_lead_to_the_training_that_there_is(database: Database, visit: Visit) -> None:
    world = a_training(database, gold={Use.PRACTICE: 1})
    browser = visit(world, "ann")
    assert AT in browser.get("/").links
    assert AT in browser.get("/projects/p").links
    assert AT not in visit(world, "judy").get("/projects/p").links


def test_without_training_nothing_leads_there(database: Database, visit: Visit) -> None:
    browser = visit(a_training(database, gold={Use.GOLD: 1}), "ann")
    assert AT not in [*browser.get("/").links, *browser.get("/projects/p").links]
