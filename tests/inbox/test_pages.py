"""The inbox as its owner, a sender and a stranger see it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from evalhub.db import Database
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.queries.listing import sent_entries
from evalhub.inbox.schema import EntryKind
from evalhub.review.schema import item_alias
from evalhub.rubrics.models import Rubric
from evalhub.web.session import write
from tests.inbox.worlds import Office, about, answered, asked, owned, publish
from tests.review.test_pages import fields_of, take_next
from tests.web.client import Page


@pytest.fixture
def world(database: Database) -> Office:
    return owned(database, items=2)


def sent_by(world: Office, login: str) -> list[InboxEntry]:
    with world.database.reading() as session:
        return [line.entry for line in sent_entries(session, world.people[login].id).lines]


def test_a_question_from_the_review_page_reaches_the_owner_and_its_answer_the_sender(world: Office) -> None:
    ann, olga = world.visit("ann"), world.visit("olga")
    path = take_next(ann)
    ann.get(path)
    back = ann.post(
        f"{path}/flag", {"kind": "question", "criterion": "accuracy", "text": "Does a <b>source</b> count?"}
    )
    assert back.headers["Location"] == path
    [entry] = sent_by(world, "ann")
    assert "Inbox (1)" in olga.get("/").text
    box = olga.get("/inbox")
    assert f"Question on item {entry.alias}" in box.text
    page = olga.get(f"/inbox/{entry.public_id}")
    assert "Does a &lt;b&gt;source&lt;/b&gt; count?" in page.html
    answer = {"answer": "Yes.", "pin_to": "accuracy", "ruling": "A missing source is an error."}
    olga.post(f"/inbox/{entry.public_id}/answer", answer)
    assert "Inbox (" not in olga.get("/").text
    assert "new answer" in ann.get("/inbox").text
    assert "Yes." in ann.get(f"/inbox/{entry.public_id}").text
    ann.post(f"/inbox/{entry.public_id}/seen")
    assert "new answer" not in ann.get("/inbox?box=sent").text
    desk = ann.get(path)
    assert "1 ruling" in desk.text
    assert "A missing source is an error." in desk.text


def test_the_script_of_the_review_page_gets_json_and_stays(world: Office) -> None:
    ann = world.visit("ann")
    path = take_next(ann)
    ann.get(path)
    json = {"Accept": "application/json"}
    sent = ann.post(f"{path}/flag", {"kind": "flag", "text": "The prompt is cut off."}, status=201, headers=json)
    assert "Sent to the owner" in sent.get_json()["message"]
    refused = ann.post(f"{path}/flag", {"kind": "flag", "text": ""}, status=422, headers=json)
    assert refused.get_json()["error"]["details"][0]["path"] == "text"
    assert [entry.kind for entry in sent_by(world, "ann")] == ["flag"]


@pytest.mark.parametrize(
    "sent",
    [{"kind": "question", "text": " "}, {"kind": "praise", "text": "words"}, {"criterion": "beauty", "text": "words"}],
)
def test_what_cannot_be_sent_is_shown_again_beside_the_draft(world: Office, sent: dict[str, str]) -> None:
    ann = world.visit("ann")
    path = take_next(ann)
    ann.post(f"{path}/draft", fields_of(ann.get(path), note="half done"))
    again = Page(ann.post(f"{path}/flag", sent, status=422))
    assert "half done" in again.html
    assert sent["text"] in again.html
    assert '<details id="flag" open>' in again.html
    assert sent_by(world, "ann") == []


def test_a_flag_on_the_assignment_of_another_is_404(world: Office) -> None:
    path = take_next(world.visit("ann"))
    ben = world.visit("ben")
    ben.get("/")
    ben.post(f"{path}/flag", {"text": "Whose is it?"}, status=404)


def test_an_answer_that_does_not_fit_is_shown_again_with_every_word(world: Office) -> None:
    entry, olga = asked(world, "ann"), world.visit("olga")
    olga.get(f"/inbox/{entry.public_id}")
    sent = {"answer": "Yes <i>indeed</i>", "changed_in": "9", "ruling": "kept too"}
    again = Page(olga.post(f"/inbox/{entry.public_id}/answer", sent, status=422))
    assert "Yes &lt;i&gt;indeed" in again.html
    assert "kept too" in again.html
    answered(world, entry, "Meanwhile.")
    late = olga.post(f"/inbox/{entry.public_id}/answer", {"answer": "Too late."}, status=409)
    assert "answered meanwhile" in late.get_data(as_text=True)
    assert "Too late." in late.get_data(as_text=True)


def test_an_entry_does_not_exist_for_those_it_does_not_concern(world: Office) -> None:
    entry = asked(world, "ann")
    for login in ("ben", "judy", "sam"):
        browser = world.visit(login)
        assert browser.get(f"/inbox/{entry.public_id}", status=404).text == browser.get("/inbox/none", status=404).text
        browser.post(f"/inbox/{entry.public_id}/answer", {"answer": "Mine."}, status=404)
        browser.post(f"/inbox/{entry.public_id}/changed", {"changed_in": "2"}, status=404)
        browser.post(f"/inbox/{entry.public_id}/seen", status=404)
        assert "Inbox" not in browser.get("/").text
        assert "accuracy" not in browser.get("/inbox").text.lower()
    ann, ada = world.visit("ann"), world.visit("ada")
    ann.post(f"/inbox/{entry.public_id}/answer", {"answer": "My own."}, status=403)
    ada.post(f"/inbox/{entry.public_id}/answer", {"answer": "By an admin."})


def test_a_box_is_filtered_and_paged(world: Office) -> None:
    for n in range(18):
        asked(world, "ann", f"Question {n}?")
    for n in range(4):
        asked(world, "ben", f"Report {n}.", kind=EntryKind.FLAG, criterion=None)
    olga = world.visit("olga")
    first = olga.get("/inbox")
    assert "Report 3." in first.text
    assert "Question 0?" not in first.text
    older = next(link for link in first.links if "after=" in link)
    assert "Question 0?" in olga.get(older).text
    flags = olga.get("/inbox?kind=flag&rubric=answers")
    assert "Report 0." in flags.text
    assert "Question" not in flags.text.replace("My questions", "").replace("Any kindReportQuestion", "")
    assert "Nothing waits for you" in olga.get("/inbox?kind=boundary").text
    olga.get("/inbox?kind=nonsense", status=422)


def test_an_empty_box_says_what_to_do(world: Office) -> None:
    assert "Nothing waits for you" in world.visit("olga").get("/inbox").text
    assert "press F" in world.visit("ann").get("/inbox").text


def test_a_later_version_can_be_named_after_the_answer(world: Office) -> None:
    entry, olga = answered(world, asked(world, "ann")), world.visit("olga")
    assert "Mark as changed" not in olga.get(f"/inbox/{entry.public_id}").text
    publish(world, 2)
    assert "Mark as changed" in olga.get(f"/inbox/{entry.public_id}").text
    olga.post(f"/inbox/{entry.public_id}/changed", {"changed_in": "2"})
    assert "Changed in version 2" in world.visit("ann").get(f"/inbox/{entry.public_id}").text


def test_rulings_are_listed_for_all_and_withdrawn_by_the_owner_alone(world: Office) -> None:
    assert "No ruling yet" in world.visit("sam").get("/rubrics/answers/rulings").text
    answered(world, asked(world, "ann"), "A missing source is an error.", pin_to="accuracy")
    page = world.visit("olga").get("/rubrics/answers/rulings")
    [withdraw] = [form["action"] for form in page.forms if form["action"].endswith("/withdraw")]
    ann, olga = world.visit("ann"), world.visit("olga")
    assert "A missing source is an error." in ann.get("/rubrics/answers/rulings").text
    ann.post(withdraw, status=403)
    olga.get("/rubrics/answers/rulings")
    olga.post(withdraw)
    assert "withdrawn" in ann.get("/rubrics/answers/rulings").text
    ann.get("/rubrics/none/rulings", status=404)


def test_only_admins_hand_a_rubric_on(world: Office) -> None:
    olga, ada = world.visit("olga"), world.visit("ada")
    olga.get("/rubrics/answers/rulings")
    olga.post("/rubrics/answers/owner", {"login": "ann"}, status=403)
    ada.get("/rubrics/answers/rulings")
    assert "Nobody signs in so" in ada.post("/rubrics/answers/owner", {"login": "nobody"}, status=422).get_data(
        as_text=True
    )
    ada.post("/rubrics/answers/owner", {"login": "sam"})
    asked(world, "ann")
    assert "Inbox (1)" in world.visit("sam").get("/").text
    assert "Inbox" not in olga.get("/").text


def test_with_no_owner_the_admins_answer(world: Office) -> None:
    write(lambda session: session.execute(sa.update(Rubric).values(owner_id=None)), on=world.database)
    entry, ada = asked(world, "ann"), world.visit("ada")
    assert "Nobody owns the rubric" in ada.get("/rubrics/answers/rulings").text
    ada.get(f"/inbox/{entry.public_id}")
    ada.post(f"/inbox/{entry.public_id}/answer", {"answer": "Yes."})


def test_the_alias_is_the_one_that_the_sender_knows(world: Office) -> None:
    lease = world.claim("ann")
    assert lease is not None
    entry = asked(world, "ann", about=about(world, lease))
    assert entry.alias == item_alias(lease.assignment)
