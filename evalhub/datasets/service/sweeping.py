"""Remove what an import left that died, was undone, or had nothing to add."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.datasets.models import Dataset, ImportState, Item, ItemImport
from evalhub.db import locked, now

DEAD_AFTER = timedelta(seconds=60)
SWEPT_ROWS = 2_000


def sweep_imports(session: Session) -> bool:
    """Take one step in removing a dead or undone import; call again while it is true."""
    dead = session.scalar(
        sa.select(ItemImport.id)
        .where(
            ItemImport.state == ImportState.PENDING,
            (ItemImport.alive_at < now(session) - DEAD_AFTER) | ItemImport.undone_at.is_not(None),
        )
        .order_by(ItemImport.id)
        .limit(1)
    )
    if dead is None:
        return False
    drop_import(session, dead)
    return True


def drop_import(session: Session, import_id: int) -> bool:
    """Delete a portion of a pending import, what later stages made of it first; at last itself, and its dataset if
    nothing else is in there.

    Returns:
        Whether something is left to delete.
    """
    doomed = session.scalar(
        locked(sa.select(ItemImport).where(ItemImport.id == import_id, ItemImport.state == ImportState.PENDING))
    )
    if doomed is None:
        return False
    if any(removed for _, removed in events.import_dropping.send(session, import_id=import_id)):
        return True
    ids = session.scalars(
        sa.select(Item.id)
        .where(Item.dataset_id == doomed.dataset_id, Item.import_id == import_id)
        .order_by(Item.id)
        .limit(SWEPT_ROWS)
    ).all()
    if ids:
        session.execute(
            sa.delete(Item).where(Item.dataset_id == doomed.dataset_id, Item.import_id == import_id, Item.id <= ids[-1])
        )
        return True
    dataset_id = doomed.dataset_id
    session.delete(doomed)
    session.flush()
    _drop_if_new(session, dataset_id)
    return False


def _drop_if_new(session: Session, dataset_id: int) -> None:
    """Delete a dataset that no import and no project rests on."""
    if session.scalar(sa.select(sa.exists().where(ItemImport.dataset_id == dataset_id))):
        return
    try:
        with session.begin_nested():
            session.execute(sa.delete(Dataset).where(Dataset.id == dataset_id))
    except IntegrityError:
        return
