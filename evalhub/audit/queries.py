"""Read the log, and look whether it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.audit.models import AuditCheck, AuditEvent, AuditHead
from evalhub.audit.schema import GENESIS, Change, changes, next_hash
from evalhub.web.paging import Page, keyset

A_PAGE = 50
READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing in a chain that is not as it was written."""

    chain: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"chain {self.chain}, event {self.seq}: {self.what}"


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as the page shows it."""

    event: AuditEvent
    payload: dict[str, Any]

    @property
    def changes(self) -> list[Change]:
        return changes(self.payload)


@dataclass(frozen=True, slots=True)
class EventPage:
    lines: list[EventLine]
    page: Page[AuditEvent]


def head_of(session: Session, chain: str) -> AuditHead | None:
    return session.get(AuditHead, chain)


def chain_names(session: Session) -> list[str]:
    return sorted(
        {*session.scalars(sa.select(AuditHead.chain)), *session.scalars(sa.select(AuditEvent.chain).distinct())}
    )


def chain_differences(session: Session, chain: str = "") -> list[Difference]:
    """The first difference of each chain, or of the one that is named; none when the log is whole.

    Events that wait to be chained are no difference.
    """
    names = [chain] if chain else chain_names(session)
    return [found for name in names if (found := _first_difference(session, name)) is not None]


def n_chained(session: Session, chain: str = "") -> int:
    """How many events have their place, in one chain or in all."""
    counted = sa.select(sa.func.coalesce(sa.func.sum(AuditHead.seq), 0))
    return session.scalar(counted.where(AuditHead.chain == chain) if chain else counted) or 0


def last_check(session: Session, chain: str = "") -> AuditCheck | None:
    """When somebody last looked whether a chain is whole; a look at all of them is one at each."""
    about = AuditCheck.chain.in_({"", chain})
    return session.scalar(sa.select(AuditCheck).where(about).order_by(AuditCheck.id.desc()).limit(1))


def _first_difference(session: Session, chain: str) -> Difference | None:
    seq, previous = 0, GENESIS
    for event in _chained(session, chain):
        seq += 1
        wrong = _wrong(event, seq, previous)
        if wrong is not None:
            return Difference(chain, seq, wrong)
        previous = event.hash or ""
    head = head_of(session, chain)
    if head is None:
        return Difference(chain, seq, "the head of the chain is missing") if seq else None
    if head.seq > seq:
        return Difference(chain, seq + 1, f"is missing; the head says that there are {head.seq}")
    if head.seq < seq or head.hash != previous:
        return Difference(chain, seq, "is not the event that the head names")
    return None


def _wrong(event: AuditEvent, seq: int, previous: str) -> str | None:
    """What is wrong with an event that should be number `seq` behind the hash `previous`."""
    if event.seq != seq:
        return f"is missing; the next one is event {event.seq}"
    if event.hash != next_hash(previous, event.body):
        return "was altered, or stands in another's place"
    return None if _columns_agree(event) else "its columns differ from what was hashed"


def _chained(session: Session, chain: str) -> Iterator[AuditEvent]:
    """The chained events in order, a thousand at a time."""
    last = 0
    while True:
        events = session.scalars(
            sa.select(AuditEvent)
            .where(AuditEvent.chain == chain, AuditEvent.seq > last)
            .order_by(AuditEvent.seq)
            .limit(READ_AT_ONCE)
        ).all()
        yield from events
        if len(events) < READ_AT_ONCE:
            return
        last = events[-1].seq or 0
        session.expunge_all()


def _columns_agree(event: AuditEvent) -> bool:
    """The searchable columns repeat what the hashed body says."""
    try:
        body = json.loads(event.body)
    except ValueError:
        return False
    return bool(
        body.get("action") == event.action
        and body.get("actor") == event.actor
        and body.get("chain") == event.chain
        and body.get("subject") == {"id": event.subject_id, "type": event.subject_type}
        and body.get("at") == event.at.isoformat(timespec="microseconds")
    )


def events_of(
    session: Session,
    *,
    chain: str = "",
    action: str = "",
    actor: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: str | None = None,
) -> EventPage:
    """A page of events, the last first; `action` and `subject` match their beginnings, like "review"."""
    statement = sa.select(AuditEvent)
    if chain:
        statement = statement.where(AuditEvent.chain == chain)
    if action:
        statement = statement.where(AuditEvent.action.startswith(action, autoescape=True))
    if actor:
        statement = statement.where(AuditEvent.actor == actor)
    if since is not None:
        statement = statement.where(AuditEvent.at >= since)
    if until is not None:
        statement = statement.where(AuditEvent.at < until)
    if subject:
        statement = statement.where(AuditEvent.subject_id.startswith(subject, autoescape=True))
    page = keyset(session, statement, [(AuditEvent.id, True)], after, A_PAGE)
    return EventPage([EventLine(event, json.loads(event.body)["payload"]) for (event,) in page.rows], page)


def actions(session: Session, chain: str = "") -> list[str]:
    """What has happened, in one chain or in all."""
    found = sa.select(AuditEvent.action).distinct()
    return sorted(session.scalars(found.where(AuditEvent.chain == chain) if chain else found))


def exported(session: Session, chain: str | None = None) -> Iterator[dict[str, Any]]:
    """The chained events with their hashes, chain by chain in order."""
    for name in chain_names(session) if chain is None else [chain]:
        for event in _chained(session, name):
            yield {"chain": name, "seq": event.seq, "hash": event.hash, "event": json.loads(event.body)}
