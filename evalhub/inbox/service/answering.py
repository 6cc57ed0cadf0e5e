"""Answer what was sent, and let the sender know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import locked
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.queries.entries import entry_of, newer_versions
from evalhub.inbox.schema import EntryState
from evalhub.inbox.service.rulings import pin_ruling
from evalhub.inbox.service.sending import check_text, record_entry


@dataclass(frozen=True, slots=True)
class Answer:
    """What the owner says.

    `changed_in` is the number of a later version that says it better; `pin_to` the key of the criterion beside which
    the answer is pinned, in the words of `ruling` where they are given.
    """

    text: str
    changed_in: int | None = None
    pin_to: str | None = None
    ruling: str = ""


def answer_entry(session: Session, public_id: str, answer: Answer, *, by: Account, at: datetime) -> InboxEntry:
    """Answer an entry, once; the sender sees it from then on.

    Raises:
        NotFound: there is no such entry.
        BadInput: the answer is empty or too long, or names a version or a criterion that there is not.
        Conflict: it was answered meanwhile (`answered`).
    """
    entry = _locked_entry(session, public_id)
    if entry.state is not EntryState.OPEN:
        raise Conflict("This was answered meanwhile; what you wrote is not stored.", code="answered")
    faults = [*check_text("answer", answer.text, "the sender reads it")]
    if answer.changed_in is not None:
        faults += _version_faults(session, entry, answer.changed_in)
    if faults:
        raise BadInput("The answer cannot be stored as it is.", faults=faults)
    entry.answer, entry.answered_by_id, entry.answered_at = answer.text.strip(), by.id, at
    entry.state = EntryState.ANSWERED if answer.changed_in is None else EntryState.CHANGED
    entry.changed_in_version = answer.changed_in
    session.flush()
    record_entry(session, "inbox.answered", entry, by=by, at=at, changed_in_version=answer.changed_in or 0)
    if answer.pin_to is not None:
        pin_ruling(session, entry, criterion=answer.pin_to, text=answer.ruling or entry.answer, by=by, at=at)
    return entry


def mark_changed(session: Session, public_id: str, number: int, *, by: Account, at: datetime) -> InboxEntry:
    """Tell, after the answer, that a later version says it better; the sender is told anew.

    Raises:
        NotFound: there is no such entry.
        BadInput: there is no such version after the one that was asked about.
        Conflict: it waits for an answer, or was marked before (`answered`).
    """
    entry = _locked_entry(session, public_id)
    if entry.state is not EntryState.ANSWERED:
        raise Conflict("Only what is answered, and not yet marked as changed, can be marked.", code="answered")
    if faults := _version_faults(session, entry, number):
        raise BadInput("There is no such version.", faults=faults)
    entry.state, entry.changed_in_version, entry.seen_by_sender_at = EntryState.CHANGED, number, None
    session.flush()
    record_entry(session, "inbox.changed", entry, by=by, at=at, changed_in_version=number)
    return entry


def mark_seen(session: Session, public_id: str, sender_id: int, *, at: datetime) -> None:
    """The sender took note of the answer; doing it again changes nothing.

    Raises:
        NotFound: there is no such answered entry of this sender.
    """
    entry = entry_of(session, public_id)
    if entry.sender_id != sender_id or entry.state is EntryState.OPEN:
        raise NotFound
    entry.seen_by_sender_at = entry.seen_by_sender_at or at
    session.flush()


def _locked_entry(session: Session, public_id: str) -> InboxEntry:
    entry = session.scalar(
        locked(sa.select(InboxEntry).where(InboxEntry.public_id == public_id)).execution_options(populate_existing=True)
    )
    if entry is None:
        raise NotFound
    return entry


def _version_faults(session: Session, entry: InboxEntry, number: int) -> list[Fault]:
    if number in newer_versions(session, entry):
        return []
    return [Fault("schema", "is not a later version of the rubric; publish it first", "changed_in")]
