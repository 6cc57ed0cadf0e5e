"""Nobody reads in the inbox of grades that they may not know yet, nor whose question it is."""

from __future__ import annotations

import pytest

from evalhub.adjudication.models import Case
from evalhub.db import Database
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import EntryKind
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.review.schema import Lease
from tests.adjudication.worlds import AGREED, take, the_case
from tests.inbox.worlds import Office, about, asked, joins, owned
from tests.web.client import a_token

TELLING = "Two gave the best level and one the worst."
KINDS_THAT_TELL = [EntryKind.CASE, EntryKind.DISAGREEMENT]


@pytest.fixture
def world(database: Database) -> Office:
    return owned(database, items=1, overlap=OverlapPlan(base=3))


def lease_of(world: Office, login: str) -> Lease:
    lease = world.claim(login)
    assert lease is not None
    return lease


def about_the_item(world: Office, kind: EntryKind, text: str) -> InboxEntry:
    lease = lease_of(world, "ann")
    return asked(world, "ann", text, kind=kind, about=about(world, lease))


@pytest.mark.parametrize("kind", KINDS_THAT_TELL)
def test_an_owner_who_may_still_grade_the_item_reads_nothing_of_its_grades(world: Office, kind: EntryKind) -> None:
    joins(world, "olga", ProjectRole.REVIEWER)
    entry, olga = about_the_item(world, kind, TELLING), world.visit("olga")
    ada = world.visit("ada")
    ada.get(f"/inbox/{entry.public_id}")
    ada.post(f"/inbox/{entry.public_id}/answer", {"answer": "The worst is right."})
    secrets = (TELLING, "The worst is right.", "Answer number 0.")
    for path in ("/inbox?state=", f"/inbox/{entry.public_id}"):
        html = olga.get(path).html
        assert [secret for secret in secrets if secret in html] == []
    olga.post(f"/inbox/{entry.public_id}/answer", {"answer": "Blindly."}, status=403)
    token = a_token(world.database, world.people["olga"])
    client = world.app.test_client()
    for path in ("/api/v1/inbox", f"/api/v1/inbox/{entry.public_id}"):
        answer = client.get(path, headers=token, base_url="http://localhost")
        assert answer.status_code == 200
        assert [secret for secret in secrets if secret in answer.get_data(as_text=True)] == []


@pytest.mark.parametrize("kind", KINDS_THAT_TELL)
def test_an_owner_without_a_part_in_the_item_reads_the_text_and_may_answer(world: Office, kind: EntryKind) -> None:
    entry, olga = about_the_item(world, kind, TELLING), world.visit("olga")
    page = olga.get(f"/inbox/{entry.public_id}")
    assert TELLING in page.text
    olga.post(f"/inbox/{entry.public_id}/answer", {"answer": "Read it so."})


def test_an_owner_who_graded_the_item_reads_nothing_of_what_others_gave(world: Office) -> None:
    joins(world, "olga", ProjectRole.REVIEWER)
    world.submit("olga", lease_of(world, "olga"), AGREED)
    entry = about_the_item(world, EntryKind.CASE, TELLING)
    assert TELLING not in world.visit("olga").get(f"/inbox/{entry.public_id}").html


def test_a_question_is_read_even_by_an_owner_who_may_still_grade_the_item(world: Office) -> None:
    joins(world, "olga", ProjectRole.REVIEWER)
    entry = about_the_item(world, EntryKind.QUESTION, "Does a missing source count?")
    page = world.visit("olga").get(f"/inbox/{entry.public_id}")
    assert "Does a missing source count?" in page.text
    assert "Answer number 0." in page.text


def test_whoever_asks_is_told_that_the_owner_may_grade_the_item_too(world: Office) -> None:
    page = world.visit("ann").get(f"/assignments/{lease_of(world, 'ann').assignment}")
    assert "Whoever answers may grade this item too: do not tell what you would give." in page.text


def test_an_entry_tells_no_grade_note_model_id_or_name_of_a_reviewer(world: Office) -> None:
    joins(world, "olga", ProjectRole.VIEWER)
    world.submit("ben", lease_of(world, "ben"), {"accuracy": "unacceptable", "clarity": "adequate"}, note="ben's note")
    lease = lease_of(world, "ann")
    entry = asked(world, "ann", about=about(world, lease))
    world.submit("ann", lease, AGREED, note="ann's note")
    olga = world.visit("olga")
    for path in ("/inbox", f"/inbox/{entry.public_id}"):
        page = olga.get(path)
        for secret in (
            "hidden-model",
            "source-id",
            "canary",
            "ben's note",
            "ann's note",
            "Ann<",
            "Ann ",
            lease.assignment,
        ):
            assert secret not in page.html, (path, secret)


def test_the_item_and_its_project_are_hidden_from_an_owner_without_a_part_in_the_project(world: Office) -> None:
    entry = about_the_item(world, EntryKind.QUESTION, "Does it?")
    page = world.visit("olga").get(f"/inbox/{entry.public_id}")
    assert "Answer number" not in page.text
    assert "Question 0?" not in page.text
    assert world.project.title + "<" not in page.html
    joins(world, "olga", ProjectRole.VIEWER)
    assert "Answer number 0." in world.visit("olga").get(f"/inbox/{entry.public_id}").text


def a_case(world: Office) -> Case:
    for login, level in (("ann", "excellent"), ("ben", "unacceptable"), ("cal", "excellent")):
        world.submit(login, lease_of(world, login), {**AGREED, "accuracy": level})
    case = the_case(world)
    take(world, "judy", case)
    return case


def test_a_case_is_sent_by_the_adjudicator_who_took_it(database: Database) -> None:
    world = owned(database, items=1, reviewers=("ann", "ben", "cal"), overlap=OverlapPlan(base=3))
    case = a_case(world)
    path, judy = f"/cases/{case.public_id}/send-to-owner", world.visit("judy")
    assert path in judy.get(f"/cases/{case.public_id}").links
    judy.get(path)
    assert "Say what it is about" in judy.post(path, {"criterion": "accuracy"}, status=422).get_data(as_text=True)
    judy.post(path, {"criterion": "accuracy", "text": TELLING})
    for login in ("ann", "sam", "olga"):
        world.visit(login).get(path, status=404)
    olga = world.visit("olga")
    box = olga.get("/inbox")
    assert f"Case on item {case.public_id[:6].upper()}" in box.text
    entry = next(link for link in box.links if link.startswith("/inbox/"))
    assert TELLING in olga.get(entry).text
    assert "Judy" not in olga.get(entry).text


def test_nobody_sends_a_case_that_they_graded(database: Database) -> None:
    world = owned(database, items=1, reviewers=("ann", "ben", "cal"), overlap=OverlapPlan(base=3))
    joins(world, "ben", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)
    case = a_case(world)
    ben = world.visit("ben")
    ben.post(f"/cases/{case.public_id}/send-to-owner", {"text": TELLING}, status=404)
