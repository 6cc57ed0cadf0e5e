"""Write events, and chain them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from evalhub.audit.models import AuditCheck, AuditEvent, AuditHead
from evalhub.audit.queries import Difference, chain_differences, n_chained
from evalhub.audit.schema import GENESIS, INSTANCE, next_hash
from evalhub.db import Database, canonical_json, locked
from evalhub.web.session import reading, write

AT_ONCE = 2000


def record(
    session: Session,
    *,
    action: str,
    subject: tuple[str, str],
    actor: str,
    at: datetime,
    chain: str = INSTANCE,
    payload: dict[str, Any] | None = None,
) -> None:
    """Insert one event in the transaction of the change that it tells of.

    Args:
        action: what was done, as `noun.verb`, like "review.submitted".
        subject: kind and public id of what it was done to.
        actor: public id of the account that did it, "" for the program.
        chain: the project's public id, or `INSTANCE`.
        payload: ids, hashes and figures; never content or contact data.
    """
    kind, subject_id = subject
    body = canonical_json(
        {
            "action": action,
            "actor": actor,
            "at": at.isoformat(timespec="microseconds"),
            "chain": chain,
            "payload": payload or {},
            "subject": {"id": subject_id, "type": kind},
        }
    )
    session.execute(
        sa.insert(AuditEvent).values(
            chain=chain, at=at, actor=actor, action=action, subject_type=kind, subject_id=subject_id, body=body
        )
    )


def before_and_after(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a change, which pages show as a table: what differs, as it was and as it is; empty when nothing.

    Never of content or contact data, like every payload.
    """
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    if not changed:
        return {}
    return {
        "before": {key: before.get(key) for key in changed},
        "after": {key: after.get(key) for key in changed},
    }


def chain_events(session: Session, chain: str | None = None, *, limit: int = 5000) -> int:
    """Give the unchained events their place and hash, under the lock of each chain's head.

    Returns:
        How many events were chained; call again while it equals `limit`.
    """
    waiting = sa.select(AuditEvent.id, AuditEvent.chain, AuditEvent.body).where(AuditEvent.seq.is_(None))
    if chain is not None:
        waiting = waiting.where(AuditEvent.chain == chain)
    chains = sorted(set(session.scalars(waiting.with_only_columns(AuditEvent.chain).distinct())))
    chained = 0
    for name in chains:
        head = _locked_head(session, name)
        rows = session.execute(waiting.where(AuditEvent.chain == name).order_by(AuditEvent.id).limit(limit)).all()
        places = []
        for row in rows:
            head.seq += 1
            head.hash = next_hash(head.hash, row.body)
            places.append({"id": row.id, "seq": head.seq, "hash": head.hash})
        if places:
            session.execute(sa.update(AuditEvent), places)
        session.flush()
        chained += len(places)
    return chained


def _locked_head(session: Session, chain: str) -> AuditHead:
    """The head of a chain under its lock; two sweeps may begin a chain at once, and one of the rows stands."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(AuditHead).values(chain=chain, seq=0, hash=GENESIS).on_conflict_do_nothing())
    found = locked(sa.select(AuditHead).where(AuditHead.chain == chain)).execution_options(populate_existing=True)
    return session.scalars(found).one()


def chain_all(database: Database, chain: str | None = None) -> None:
    """Chain every event that waits, of one chain or of all, some thousand in a transaction."""
    while write(partial(chain_events, chain=chain, limit=AT_ONCE), on=database) >= AT_ONCE:
        pass


def verify(database: Database, *, by: str, at: datetime, chain: str = "") -> list[Difference]:
    """Chain what waits, look at one chain or at all from the beginning, and keep what was found.

    Args:
        by: public id of the account that asked, "" for the command line.
    """
    chain_all(database, chain or None)
    with reading(database) as session:
        differences = chain_differences(session, chain)
        n_events = n_chained(session, chain)
    said = "; ".join(map(str, differences)) or None
    row = {"chain": chain, "at": at, "by": by, "n_events": n_events, "difference": said}
    write(lambda session: session.execute(sa.insert(AuditCheck).values(row)).close(), on=database)
    return differences
