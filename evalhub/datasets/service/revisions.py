"""Take items out of a dataset, put them back, and put a further revision in the place of one.

What stands in the tables of later stages follows there: whoever calls these has locked it first.
"""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.datasets.models import ChangeKind, Dataset, Item, ItemChange
from evalhub.datasets.queries import item_of
from evalhub.datasets.schema.items import ItemRow, item_row
from evalhub.db import locked
from evalhub.errors import BadInput, Conflict, Fault

JSON_FIELDS = ("messages", "skills", "tags", "metadata", "gold")
PLAIN_FIELDS = (
    "external_id",
    "group_key",
    "prompt",
    "context",
    "response",
    "reference",
    "model",
    "pair_id",
    "content_sha256",
)


def locked_item(session: Session, dataset_id: int, external_id: str) -> Item:
    """The item as it stands, behind the lock of its dataset, so that nothing else changes an item of it meanwhile.

    Raises:
        NotFound: when the dataset shows none.
    """
    session.scalars(locked(sa.select(Dataset.id).where(Dataset.id == dataset_id))).one()
    item = item_of(session, dataset_id, external_id)
    session.refresh(item)
    return item


def mark_withdrawn(session: Session, item: Item, *, reason: str, by: Account | None, at: datetime) -> None:
    """Have the item count nowhere.

    Raises:
        Conflict: it was withdrawn already (`withdrawn`).
    """
    if item.withdrawn_at is not None:
        raise Conflict(f'The item "{item.external_id}" was withdrawn already.', code="withdrawn")
    item.withdrawn_at = at
    _keep_change(session, item, ChangeKind.WITHDRAWN, reason=reason, by=by, at=at)


def mark_restored(session: Session, item: Item, *, reason: str, by: Account | None, at: datetime) -> None:
    """Have the item count again.

    Raises:
        Conflict: it is not withdrawn (`not_withdrawn`).
    """
    if item.withdrawn_at is None:
        raise Conflict(f'The item "{item.external_id}" is not withdrawn; nothing was changed.', code="not_withdrawn")
    item.withdrawn_at = None
    _keep_change(session, item, ChangeKind.RESTORED, reason=reason, by=by, at=at)


def replacement_of(item_id: str, content: object) -> ItemRow:
    """A parsed record, checked as an import would check it, that is to stand in the place of an item.

    Raises:
        BadInput: with all that is wrong with it, or because its id is another.
    """
    found: list[Fault] = []
    row = item_row(1, content, found)
    if row is not None and row.external_id != item_id:
        found.append(Fault("schema", f'is "{row.external_id}"; what replaces "{item_id}" keeps its id', "id"))
    if row is None or found:
        raise BadInput("The replacement is not as it should be.", faults=found)
    return row


def add_revision(session: Session, item: Item, row: ItemRow, *, reason: str, by: Account | None, at: datetime) -> Item:
    """Store a further revision, which belongs to the import of the first; the one before it counts no more."""
    dataset = session.get_one(Dataset, item.dataset_id)
    session.refresh(dataset)
    dataset.last_item_id += 1
    new = Item(
        dataset_id=item.dataset_id,
        id=dataset.last_item_id,
        import_id=item.import_id,
        revision=item.revision + 1,
        **{name: getattr(row, name) for name in PLAIN_FIELDS},
        **{_column(name): _parsed(getattr(row, name)) for name in JSON_FIELDS},
    )
    session.add(new)
    item.withdrawn_at = item.withdrawn_at or at
    _keep_change(session, item, ChangeKind.REPLACED, reason=reason, by=by, at=at)
    return new


def _column(field: str) -> str:
    return "metadata_" if field == "metadata" else field


def _parsed(text: str | None) -> object:
    return None if text is None else json.loads(text)


def _keep_change(
    session: Session, item: Item, kind: ChangeKind, *, reason: str, by: Account | None, at: datetime
) -> None:
    session.add(
        ItemChange(
            dataset_id=item.dataset_id,
            item_id=item.id,
            kind=kind,
            reason=reason,
            by_id=by.id if by else None,
            at=at,
        )
    )
    session.flush()
    record(
        session,
        action=f"item.{kind.value}",
        subject=("dataset", session.get_one(Dataset, item.dataset_id).public_id),
        actor=by.public_id if by else "",
        at=at,
        payload={"item": item.id, "revision": item.revision},
    )
