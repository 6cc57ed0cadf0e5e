"""Items to be graded, and the imports that brought them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id


class ImportState(StrEnum):
    PENDING = "pending"
    COMPLETE = "complete"


class Dataset(Base):
    __tablename__ = "dataset"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    last_item_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """Item ids are given out in blocks under this row's lock."""
    created_at: Mapped[datetime]


class ItemImport(Base):
    """One imported file; its items are invisible until it is complete."""

    __tablename__ = "item_import"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dataset_id: Mapped[int] = mapped_column(sa.ForeignKey("dataset.id"), index=True)
    source: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState, "state"), default=ImportState.PENDING)
    n_items: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    alive_at: Mapped[datetime]
    """When it last stored rows; one that stays still for a minute is dead, and swept."""
    completed_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    upload: Mapped[str | None] = mapped_column(sa.String(32))
    """Public id of the upload it was made from: a second run of the same job knows by it what the first one did."""
    undone_at: Mapped[datetime | None]
    """When it was undone: from then on it is pending again, until the sweep has removed its rows and itself."""


class ChangeKind(StrEnum):
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"
    REPLACED = "replaced"


class Item(Base):
    """One response to one prompt.

    A replaced item is a further revision of the same external id; the highest complete revision is the item.
    """

    __tablename__ = "item"
    __table_args__ = (
        sa.UniqueConstraint("dataset_id", "external_id", "revision"),
        sa.Index("ix_item_import", "dataset_id", "import_id", "id"),
        sa.CheckConstraint("revision >= 1", name="revision_from_1"),
    )

    dataset_id: Mapped[int] = mapped_column(sa.ForeignKey("dataset.id"), primary_key=True)
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    external_id: Mapped[str] = mapped_column(sa.String(200))
    revision: Mapped[int] = mapped_column(default=1)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("item_import.id"))
    group_key: Mapped[str] = mapped_column(sa.Text)
    """Equal for the items that answer one prompt."""
    prompt: Mapped[str | None] = mapped_column(sa.Text)
    messages: Mapped[list[dict[str, str]] | None] = mapped_column(CanonicalJson)
    """The turns before the response; None where the item has a prompt alone."""
    context: Mapped[str | None] = mapped_column(sa.Text)
    response: Mapped[str] = mapped_column(sa.Text)
    reference: Mapped[str | None] = mapped_column(sa.Text)
    model: Mapped[str | None] = mapped_column(sa.String(200))
    skills: Mapped[list[str]] = mapped_column(CanonicalJson)
    tags: Mapped[list[str]] = mapped_column(CanonicalJson)
    pair_id: Mapped[str | None] = mapped_column(sa.String(200))
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", CanonicalJson)
    gold: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    content_sha256: Mapped[str] = mapped_column(sa.String(64))
    withdrawn_at: Mapped[datetime | None]
    """A revision in whose place a later one stands is withdrawn too."""


class ItemChange(Base):
    """That an item was taken out, put back, or replaced by a further revision; kept for good."""

    __tablename__ = "item_change"
    __table_args__ = (
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_item_change_item"),
        sa.Index("ix_item_change_item", "dataset_id", "item_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dataset_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(sa.BigInteger)
    """Of a replacement the revision that was replaced."""
    kind: Mapped[ChangeKind] = mapped_column(enum_type(ChangeKind, "kind"))
    reason: Mapped[str] = mapped_column(sa.Text)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    at: Mapped[datetime]


class UploadKind(StrEnum):
    ITEMS = "items"
    RATINGS = "ratings"


class UploadState(StrEnum):
    RECEIVING = "receiving"
    RECEIVED = "received"
    """Whole, and to be checked as its options say."""
    REFUSED = "refused"
    CHECKED = "checked"
    DONE = "done"


class Upload(Base):
    """A file that somebody sent, between its arrival and its import; gone a day after nobody touched it."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    kind: Mapped[UploadKind] = mapped_column(enum_type(UploadKind, "kind"))
    target: Mapped[str] = mapped_column(sa.String(64))
    """Name of the dataset, which may not exist yet, or of the project."""
    name: Mapped[str] = mapped_column(sa.String(200))
    """The file's own name, for messages alone."""
    companion: Mapped[str | None] = mapped_column(sa.String(200))
    """The name of the second file, where there is one."""
    path: Mapped[str] = mapped_column(sa.Text)
    """Where it lies, under a random name; what belongs to it lies beside it."""
    n_bytes: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    options: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """How it is to be read: `schema.uploads.ItemOptions` or `RatingOptions`."""
    state: Mapped[UploadState] = mapped_column(enum_type(UploadState, "state"), default=UploadState.RECEIVING)
    report: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """What the last check found, or what the import did."""
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("job.id"))
    """Its check or its import, whichever began last."""
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)
