"""Undo an import as long as nobody has worked on what it brought.

Its items are out of sight with the commit; their rows, and what later stages made of them, go in portions afterwards
(`sweeping.drop_import`), because deleting a hundred thousand at once would block every submission.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.datasets.models import Dataset, ImportState, Item, ItemChange, ItemImport
from evalhub.datasets.queries import complete_import
from evalhub.db import locked, now
from evalhub.errors import Conflict
from evalhub.jobs.models import Job
from evalhub.jobs.service import enqueue

UNDO = "undo-import"


def undo_import(session: Session, dataset: Dataset, import_id: int, *, by: Account | None) -> ItemImport:
    """Hide the items of an import, and have no one given them any more.

    The caller sees to it that the rows go: `remove_rows` or the sweep.

    Raises:
        NotFound: the dataset has no such complete import.
        Conflict: somebody's work rests on it (`import_in_use`), with all that does.
    """
    complete_import(session, dataset.id, import_id)
    events.import_undoing.send(session, import_id=import_id)
    reasons = uses_of(session, dataset.id, import_id)
    undone = session.scalars(locked(sa.select(ItemImport).where(ItemImport.id == import_id))).one()
    session.refresh(undone)
    if undone.state is not ImportState.COMPLETE:
        raise Conflict("This import was undone just now.", code="import_undone")
    if reasons:
        raise Conflict(f"The import cannot be undone any more: {'; '.join(reasons)}.", code="import_in_use")
    undone.state, undone.undone_at = ImportState.PENDING, now(session)
    session.flush()
    record(
        session,
        action="dataset.import_undone",
        subject=("dataset", dataset.public_id),
        actor=by.public_id if by else "",
        at=undone.undone_at,
        payload={"import": import_id, "items": undone.n_items},
    )
    events.import_undone.send(session, dataset_id=dataset.id, import_id=import_id)
    return undone


def uses_of(session: Session, dataset_id: int, import_id: int) -> Sequence[str]:
    """What rests on the items of an import, in words."""
    answers = events.import_in_use.send(session, dataset_id=dataset_id, import_id=import_id)
    reasons = [reason for _, found in answers for reason in found]
    changed = session.scalar(
        sa.select(sa.func.count(sa.distinct(ItemChange.item_id)))
        .join(Item, sa.and_(Item.dataset_id == ItemChange.dataset_id, Item.id == ItemChange.item_id))
        .where(Item.dataset_id == dataset_id, Item.import_id == import_id)
    )
    if changed:
        reasons.append(f"{changed:,} of its items were withdrawn, restored or replaced")
    return reasons


def remove_rows(session: Session, undone: ItemImport, *, by_id: int | None) -> Job:
    """Have a worker remove the rows of an undone import."""
    return enqueue(session, UNDO, {"import": undone.id}, project_id=None, by_id=by_id)
