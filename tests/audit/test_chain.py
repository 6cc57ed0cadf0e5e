"""The log is append-only: whatever is done to it is found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.audit.jobs import chain
from evalhub.audit.models import AuditEvent, AuditHead
from evalhub.audit.queries import chain_differences
from evalhub.audit.service import record
from evalhub.db import Database
from evalhub.web.session import write

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def record_events(database: Database, n: int, *, chain_name: str = "c", start: int = 0) -> None:
    def add(session: Session) -> None:
        for i in range(start, start + n):
            record(
                session,
                action="thing.done",
                subject=("thing", str(i)),
                actor="a",
                at=MOMENT + timedelta(seconds=i),
                chain=chain_name,
                payload={"n": i},
            )

    write(add, on=database)


def differences(database: Database) -> list[str]:
    with database.reading() as session:
        return [str(difference) for difference in chain_differences(session)]


def test_an_untouched_log_is_whole(database: Database) -> None:
    record_events(database, 5)
    assert differences(database) == []
    chain(database)
    record_events(database, 5, start=5)
    record_events(database, 3, chain_name="d")
    chain(database)
    assert differences(database) == []
    with database.reading() as session:
        assert dict(session.execute(sa.select(AuditHead.chain, AuditHead.seq)).all()) == {"c": 10, "d": 3}


def test_two_sweeps_at_once_chain_every_event_once(database: Database) -> None:
    record_events(database, 300)
    threads = [threading.Thread(target=chain, args=(database,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert differences(database) == []
    with database.reading() as session:
        assert session.scalar(sa.select(AuditHead.seq)) == 300


ALTERATIONS: dict[str, Callable[[int], list[Any]]] = {
    "body": lambda i: [sa.update(AuditEvent).where(AuditEvent.seq == i).values(body=AuditEvent.body + " ")],
    "actor": lambda i: [sa.update(AuditEvent).where(AuditEvent.seq == i).values(actor="b")],
    "time": lambda i: [sa.update(AuditEvent).where(AuditEvent.seq == i).values(at=MOMENT - timedelta(days=1))],
    "hash": lambda i: [sa.update(AuditEvent).where(AuditEvent.seq == i).values(hash="f" * 64)],
    "removed": lambda i: [sa.delete(AuditEvent).where(AuditEvent.seq == i)],
    "reordered": lambda i: [
        sa.update(AuditEvent).where(AuditEvent.seq == i).values(seq=1000),
        sa.update(AuditEvent).where(AuditEvent.seq == (i % 20) + 1).values(seq=i),
        sa.update(AuditEvent).where(AuditEvent.seq == 1000).values(seq=(i % 20) + 1),
    ],
}


@pytest.mark.parametrize("kind", ALTERATIONS)
@pytest.mark.parametrize("place", [1, 7, 20])
def test_every_alteration_is_named(sqlite_database: Database, kind: str, place: int) -> None:
    record_events(sqlite_database, 20)
    chain(sqlite_database)

    def alter(session: Session) -> None:
        for statement in ALTERATIONS[kind](place):
            session.execute(statement)

    write(alter, on=sqlite_database)
    found = differences(sqlite_database)
    assert len(found) == 1
    first = min(place, (place % 20) + 1) if kind == "reordered" else place
    assert f"event {first}:" in found[0]


def test_an_event_added_behind_the_head_is_named(sqlite_database: Database) -> None:
    record_events(sqlite_database, 3)
    chain(sqlite_database)
    write(lambda s: s.execute(sa.update(AuditHead).values(seq=2)), on=sqlite_database)
    assert differences(sqlite_database) == ["chain c, event 3: is not the event that the head names"]
