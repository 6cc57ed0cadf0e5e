"""Reads of datasets and items; nothing of an import shows before it is complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account
from evalhub.datasets.models import Dataset, ImportState, Item, ItemImport, Upload, UploadKind, UploadState
from evalhub.errors import NotFound
from evalhub.jobs.models import Job
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class DatasetLine:
    """A dataset as lists show it."""

    dataset: Dataset
    n_items: int
    n_imports: int


@dataclass(frozen=True, slots=True)
class ImportLine:
    item_import: ItemImport
    by: str
    """Display name of who imported it; empty for the program."""


class StoredContent(NamedTuple):
    """What the dataset holds under an external id."""

    sha256: str
    revision: int
    earlier: tuple[str, ...] = ()
    """Hashes of the revisions that were replaced."""

    def holds(self, sha256: str) -> bool:
        """Whether the content is the item's, or was before it was replaced: the file it came in is no other one."""
        return sha256 == self.sha256 or sha256 in self.earlier


def dataset_named(session: Session, name: str) -> Dataset:
    """The dataset of that slug.

    Raises:
        NotFound: when there is none.
    """
    dataset = session.scalar(sa.select(Dataset).where(Dataset.name == name))
    if dataset is None:
        raise NotFound(f'There is no dataset "{name}".')
    return dataset


def datasets(session: Session) -> list[DatasetLine]:
    """All datasets by name, with the items and imports that are complete."""
    statement, _ = _lines()
    return [DatasetLine(*row) for row in session.execute(statement.order_by(Dataset.name))]


def dataset_page(session: Session, listing: Listing) -> Page[Dataset, int, int]:
    """Rows of the fields of DatasetLine; `q` matches inside the name."""
    found, n_items = _lines()
    if search := listing.filters["q"]:
        found = found.where(Dataset.name.icontains(search, autoescape=True))
    by = {"name": Dataset.name, "items": n_items, "made": Dataset.created_at}
    return keyset(session, found, listing.order(by, last=Dataset.id), listing.after)


def _lines() -> tuple[sa.Select[Dataset, int, int], sa.ColumnElement[int]]:
    """Datasets with how many items and imports of them are complete; and the column of the items."""
    complete = (
        sa.select(ItemImport.dataset_id, sa.func.sum(ItemImport.n_items).label("n_items"), sa.func.count().label("n"))
        .where(ItemImport.state == ImportState.COMPLETE)
        .group_by(ItemImport.dataset_id)
        .subquery()
    )
    n_items = sa.cast(sa.func.coalesce(complete.c.n_items, 0), sa.BigInteger)
    statement = sa.select(Dataset, n_items.label("n_items"), sa.func.coalesce(complete.c.n, 0).label("n_imports"))
    return statement.outerjoin(complete, complete.c.dataset_id == Dataset.id), n_items


def imports_of(session: Session, dataset_id: int) -> list[ImportLine]:
    """The complete imports of a dataset, the last one first."""
    rows = session.execute(
        sa.select(ItemImport, Account.display_name)
        .outerjoin(Account, Account.id == ItemImport.by_id)
        .where(ItemImport.dataset_id == dataset_id, ItemImport.state == ImportState.COMPLETE)
        .order_by(ItemImport.id.desc())
    )
    return [ImportLine(item_import, name or "") for item_import, name in rows]


def complete_import(session: Session, dataset_id: int, import_id: int) -> ItemImport:
    """An import of the dataset whose items can be seen.

    Raises:
        NotFound: when there is none of that id.
    """
    found = session.get(ItemImport, import_id)
    if found is None or found.dataset_id != dataset_id or found.state is not ImportState.COMPLETE:
        raise NotFound("The dataset has no such import; perhaps it was undone.")
    return found


def import_of(session: Session, upload: str) -> ItemImport | None:
    """The complete import that an upload became, by the upload's public id."""
    return session.scalar(
        sa.select(ItemImport).where(ItemImport.upload == upload, ItemImport.state == ImportState.COMPLETE)
    )


def pending_import_of(session: Session, upload: str) -> int | None:
    """The import of an upload that was begun and not finished."""
    return session.scalar(
        sa.select(ItemImport.id).where(ItemImport.upload == upload, ItemImport.state == ImportState.PENDING)
    )


def upload_of(session: Session, public_id: str) -> Upload:
    """The upload of that public id.

    Raises:
        NotFound: when there is none, or none any more.
    """
    upload = session.scalar(sa.select(Upload).where(Upload.public_id == public_id))
    if upload is None:
        raise NotFound("The file is no longer on this server; upload it again.")
    return upload


def open_uploads(session: Session, kind: UploadKind, name: str | None = None) -> list[Upload]:
    """Files on their way into a dataset or a project, or into any of that kind, the last one first."""
    is_open = (Upload.kind == kind, Upload.state.not_in([UploadState.RECEIVING, UploadState.DONE]))
    into = (Upload.target == name,) if name is not None else ()
    return list(session.scalars(sa.select(Upload).where(*is_open, *into).order_by(Upload.id.desc())))


def job_of_upload(session: Session, upload: Upload) -> Job | None:
    """The newest run of what is to be done with an upload: "try again" makes another job with the same key."""
    key = sa.select(Job.key).where(Job.id == upload.job_id).scalar_subquery()
    return session.scalar(sa.select(Job).where(Job.key == key).order_by(Job.id.desc()).limit(1))


def n_items_of(session: Session, dataset_id: int) -> int:
    """How many items the dataset has; each has one first revision."""
    statement = (
        sa.select(sa.func.count())
        .select_from(Item)
        .join(ItemImport, ItemImport.id == Item.import_id)
        .where(Item.dataset_id == dataset_id, Item.revision == 1, ItemImport.state == ImportState.COMPLETE)
    )
    return session.scalar(statement) or 0


def items_of(session: Session, dataset_id: int, *, after: int = 0, limit: int = PAGE_ROWS) -> list[Item]:
    """A page of items in the order of their import; the next one begins after the id of the last."""
    statement = current_items(dataset_id).where(Item.id > after).order_by(Item.id).limit(limit)
    return list(session.scalars(statement))


def item_of(session: Session, dataset_id: int, external_id: str) -> Item:
    """The item with that id in its source.

    Raises:
        NotFound: when the dataset shows none.
    """
    item = session.scalar(current_items(dataset_id).where(Item.external_id == external_id))
    if item is None:
        raise NotFound(f'The dataset has no item "{external_id}".')
    return item


def current_items(dataset_id: int) -> sa.Select[Item]:
    """Select the items of a dataset: of each external id the highest revision whose import is complete.

    The highest is looked up row by row: an anti-join took minutes on PostgreSQL before the table's first ANALYZE.
    """
    other, other_import = aliased(Item), aliased(ItemImport)
    highest = (
        sa.select(sa.func.max(other.revision))
        .join(other_import, other_import.id == other.import_id)
        .where(
            other.dataset_id == Item.dataset_id,
            other.external_id == Item.external_id,
            other_import.state == ImportState.COMPLETE,
        )
        .correlate(Item)
        .scalar_subquery()
    )
    return (
        sa.select(Item)
        .join(ItemImport, ItemImport.id == Item.import_id)
        .where(Item.dataset_id == dataset_id, ItemImport.state == ImportState.COMPLETE, Item.revision == highest)
    )


def current_contents(session: Session, dataset_id: int, external_ids: Collection[str]) -> dict[str, StoredContent]:
    """What the dataset shows under those of the ids that it has."""
    rows = session.execute(
        sa.select(Item.external_id, Item.content_sha256, Item.revision)
        .join(ItemImport, ItemImport.id == Item.import_id)
        .where(
            Item.dataset_id == dataset_id,
            Item.external_id.in_(list(external_ids)),
            ItemImport.state == ImportState.COMPLETE,
        )
        .order_by(Item.revision)
    )
    found: dict[str, StoredContent] = {}
    for external_id, sha256, revision in rows:
        before = found.get(external_id)
        earlier = (*before.earlier, before.sha256) if before else ()
        found[external_id] = StoredContent(sha256, revision, earlier)
    return found
