"""Sending, answering, and rulings that hold for as long as the question stays the same."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.queries.notices import answered_for
from evalhub.inbox.queries.owners import open_entries
from evalhub.inbox.queries.rulings import rulings_for, rulings_of
from evalhub.inbox.schema import OPEN_LIMIT, TEXT_LIMIT, EntryKind, EntryState
from evalhub.inbox.service import hand_on, mark_changed, mark_seen, withdraw_ruling
from evalhub.inbox.service.sending import check_text
from evalhub.rubrics.models import Rubric
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from tests.inbox.worlds import Office, answered, asked, owned, publish
from tests.world import MOMENT, RUBRIC, a_project, an_account


@pytest.fixture
def world(database: Database) -> Office:
    return owned(database, items=1)


def entry_now(world: Office, entry: InboxEntry) -> InboxEntry:
    with world.database.reading() as session:
        return session.get_one(InboxEntry, entry.id)


def actions(world: Office) -> list[str]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


def rulings_in(world: Office, version_id: int) -> dict[str, list[str]]:
    with world.database.reading() as session:
        return {key: [one.text for one in found] for key, found in rulings_for(session, version_id).items()}


def test_who_publishes_the_first_version_owns_the_rubric_and_later_ones_change_nothing(database: Database) -> None:
    ann = write(lambda s: an_account(s, "ann"), on=database)
    ben = write(lambda s: an_account(s, "ben"), on=database)
    for actor, yaml in ((ann, RUBRIC), (ben, RUBRIC.replace(b"version: 1", b"version: 2"))):
        add = lambda s, a=actor, y=yaml: add_rubric(s, y, source_name="r", actor_id=a.id, now=MOMENT).created  # noqa: E731
        assert write(add, on=database)
    with database.reading() as session:
        assert session.scalars(sa.select(Rubric.owner_id)).one() == ann.id


def test_what_is_sent_waits_for_the_owner_and_for_admins(world: Office) -> None:
    entry = asked(world, "ann")
    assert entry.state is EntryState.OPEN
    with world.database.reading() as session:
        waiting = {
            login: open_entries(session, account.id, is_admin=login == "ada") for login, account in world.people.items()
        }
    assert waiting == {"ann": None, "ben": None, "judy": None, "sam": None, "olga": 1, "ada": 1}
    assert actions(world)[-1] == "inbox.sent"


def test_two_clicks_make_one_entry(world: Office) -> None:
    assert asked(world, "ann").id == asked(world, "ann").id
    assert asked(world, "ben").id != asked(world, "ann").id
    assert asked(world, "ann", criterion="clarity").id != asked(world, "ann").id


def test_a_question_may_be_asked_again_once_it_is_answered(world: Office) -> None:
    first = answered(world, asked(world, "ann"))
    assert asked(world, "ann").id != first.id


def test_one_sender_cannot_fill_the_inbox_and_others_are_not_held_up(world: Office) -> None:
    entries = [asked(world, "ann", f"Question {n}?") for n in range(OPEN_LIMIT)]
    with pytest.raises(Conflict, match=f"{OPEN_LIMIT} of your questions"):
        asked(world, "ann", "One more?")
    asked(world, "ben")
    answered(world, entries[0])
    asked(world, "ann", "One more?")


@pytest.mark.parametrize(
    ("text", "more", "path"),
    [
        ("  \n", {}, "text"),
        ("x" * (TEXT_LIMIT + 1), {}, "text"),
        ("bell\x07", {}, "text"),
        ("What?", {"criterion": "beauty"}, "criterion"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(world: Office, text: str, more: dict[str, str], path: str) -> None:
    with pytest.raises(BadInput) as refused:
        asked(world, "ann", text, **more)
    assert [fault.path for fault in refused.value.faults] == [path]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=TEXT_LIMIT + 5))
def test_a_text_without_fault_is_short_and_says_something(text: str) -> None:
    if not [*check_text("text", text, "say it")]:
        assert 0 < len(text.strip()) <= len(text) <= TEXT_LIMIT
        assert "\0" not in text


def test_an_answer_reaches_the_sender_until_they_have_seen_it(world: Office) -> None:
    entry, ann, ben = asked(world, "ann"), world.people["ann"], world.people["ben"]
    asked(world, "ben")
    answered(world, entry)
    with world.database.reading() as session:
        assert [notice.entry for notice in answered_for(session, ann.id)] == [entry.public_id]
        assert answered_for(session, ben.id) == []
    for _ in range(2):
        write(lambda s: mark_seen(s, entry.public_id, ann.id, at=MOMENT), on=world.database)
    with world.database.reading() as session:
        assert answered_for(session, ann.id) == []


def test_only_the_sender_can_have_seen_an_answer_and_only_once_there_is_one(world: Office) -> None:
    entry = asked(world, "ann")
    for login in ("ann", "ben"):
        with pytest.raises(NotFound):
            write(lambda s, n=login: mark_seen(s, entry.public_id, world.people[n].id, at=MOMENT), on=world.database)


def test_a_second_answer_is_a_conflict_and_the_first_stands(world: Office) -> None:
    entry = asked(world, "ann")
    answered(world, entry, "The first.")
    with pytest.raises(Conflict):
        answered(world, entry, "The second.", pin_to="accuracy")
    assert entry_now(world, entry).answer == "The first."
    assert rulings_in(world, world.project.rubric_version_id) == {}


def test_an_answer_that_cannot_be_stored_leaves_the_entry_open(world: Office) -> None:
    entry = asked(world, "ann")
    for more in ({"text": " "}, {"text": "Yes.", "changed_in": 2}, {"text": "Yes.", "pin_to": "beauty"}):
        with pytest.raises(BadInput):
            answered(world, entry, **more)
    assert entry_now(world, entry).state is EntryState.OPEN


def test_an_entry_is_changed_only_by_a_later_version_and_the_sender_hears_of_it_anew(world: Office) -> None:
    entry, ann = answered(world, asked(world, "ann")), world.people["ann"]
    write(lambda s: mark_seen(s, entry.public_id, ann.id, at=MOMENT), on=world.database)
    olga = world.people["olga"]
    for number in (1, 2):
        with pytest.raises(BadInput):
            write(lambda s, n=number: mark_changed(s, entry.public_id, n, by=olga, at=MOMENT), on=world.database)
    publish(world, 2)
    write(lambda s: mark_changed(s, entry.public_id, 2, by=olga, at=MOMENT), on=world.database)
    assert entry_now(world, entry).state is EntryState.CHANGED
    with world.database.reading() as session:
        assert [notice.changed_in_version for notice in answered_for(session, ann.id)] == [2]
    later = answered(world, asked(world, "ben"), changed_in=2)
    assert (later.state, later.changed_in_version) == (EntryState.CHANGED, 2)


def test_a_ruling_holds_in_every_version_that_asks_the_same_question(world: Office) -> None:
    answered(world, asked(world, "ann"), "Yes.", pin_to="accuracy", ruling="A missing source is an error.")
    answered(world, asked(world, "ann", criterion="clarity"), "Long is not unclear.", pin_to="clarity")
    same = publish(world, 2, Clarity="Plain words")
    other = publish(world, 3, Accuracy="Truth")
    accuracy, clarity = {"accuracy": ["A missing source is an error."]}, {"clarity": ["Long is not unclear."]}
    assert rulings_in(world, world.project.rubric_version_id) == accuracy | clarity
    assert rulings_in(world, same) == accuracy
    assert rulings_in(world, other) == clarity


def test_a_ruling_of_another_rubric_is_not_shown(world: Office) -> None:
    answered(world, asked(world, "ann"), "Yes.", pin_to="accuracy")
    twin = a_project(
        world.database,
        items=1,
        name="q",
        reviewers=(),
        adjudicators=(),
        rubric=RUBRIC.replace(b"name: answers", b"name: twin"),
    )
    assert rulings_in(world, twin.project.rubric_version_id) == {}


def test_a_withdrawn_ruling_stays_in_the_list_alone(world: Office) -> None:
    entry, olga = asked(world, "ann"), world.people["olga"]
    answered(world, entry, "Yes.", pin_to="accuracy")
    with world.database.reading() as session:
        [line] = rulings_of(session, entry.rubric_id)
    assert (line.criterion_title, line.made_by, line.versions) == ("Accuracy", "Olga", [1])

    def withdraw(rubric_id: int) -> None:
        write(lambda s: withdraw_ruling(s, rubric_id, line.ruling.public_id, by=olga, at=MOMENT), on=world.database)

    with pytest.raises(NotFound):
        withdraw(entry.rubric_id + 1)
    withdraw(entry.rubric_id)
    with pytest.raises(Conflict):
        withdraw(entry.rubric_id)
    assert rulings_in(world, world.project.rubric_version_id) == {}
    with world.database.reading() as session:
        assert [one.ruling.withdrawn_at for one in rulings_of(session, entry.rubric_id)] == [MOMENT]
    assert actions(world)[-4:] == ["inbox.sent", "inbox.answered", "ruling.made", "ruling.withdrawn"]


def test_a_rubric_is_handed_to_somebody_who_can_sign_in(world: Office) -> None:
    ada = world.people["ada"]
    with pytest.raises(BadInput):
        write(lambda s: hand_on(s, "answers", "nobody", by=ada, at=MOMENT), on=world.database)
    with pytest.raises(NotFound):
        write(lambda s: hand_on(s, "no-rubric", "ben", by=ada, at=MOMENT), on=world.database)
    write(lambda s: hand_on(s, "answers", " Ben ", by=ada, at=MOMENT), on=world.database)
    with world.database.reading() as session:
        assert session.scalars(sa.select(Rubric.owner_id)).one() == world.people["ben"].id
    assert actions(world)[-1] == "rubric.handed_on"


def test_a_kind_is_kept_as_it_was_sent(world: Office) -> None:
    for kind in EntryKind:
        assert entry_now(world, asked(world, "ann", kind=kind)).kind is kind
