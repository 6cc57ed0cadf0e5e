"""What people ask the owner of a rubric, and the answers that were pinned beside a criterion."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id
from evalhub.inbox.schema import EntryKind, EntryState


class InboxEntry(Base):
    """Something sent to the owner of a rubric, and what the owner answered."""

    __tablename__ = "inbox_entry"
    __table_args__ = (
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_inbox_entry_item"),
        sa.CheckConstraint("(dataset_id IS NULL) = (item_id IS NULL)", name="item_in_full"),
        sa.CheckConstraint("item_id IS NULL OR project_id IS NOT NULL", name="item_of_a_project"),
        sa.CheckConstraint("(state = 'open') = (answer IS NULL)", name="answer_by_state"),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by_id IS NULL)",
            name="answer_in_full",
        ),
        sa.CheckConstraint("(state = 'changed') = (changed_in_version IS NOT NULL)", name="version_when_changed"),
        sa.CheckConstraint("seen_by_sender_at IS NULL OR answer IS NOT NULL", name="seen_when_answered"),
        sa.Index("ix_inbox_entry_box", "rubric_id", "state", "id"),
        sa.Index("ix_inbox_entry_sent", "sender_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    rubric_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric.id"))
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    criterion_key: Mapped[str | None] = mapped_column(sa.String(64))
    """None where it is about the rubric as a whole."""
    kind: Mapped[EntryKind] = mapped_column(enum_type(EntryKind, "kind"))
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"))
    dataset_id: Mapped[int | None]
    item_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    subject: Mapped[str | None] = mapped_column(sa.String(32))
    """Public id of the sender's assignment, or of the case."""
    alias: Mapped[str] = mapped_column(sa.String(16), default="")
    """What the sender sees for the item."""
    text: Mapped[str] = mapped_column(sa.Text)
    quote: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """A span of the item's raw text, in the shape of a review's evidence."""
    sender_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    sent_at: Mapped[datetime]
    state: Mapped[EntryState] = mapped_column(enum_type(EntryState, "state"), default=EntryState.OPEN)
    answer: Mapped[str | None] = mapped_column(sa.Text)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    answered_at: Mapped[datetime | None]
    changed_in_version: Mapped[int | None]
    """Number of the version that says it better."""
    seen_by_sender_at: Mapped[datetime | None]
    """When the sender took note of the answer as it stands."""


class Ruling(Base):
    """How to read a criterion; it holds in every version that asks the same question."""

    __tablename__ = "ruling"
    __table_args__ = (
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name="withdrawn_by_somebody"),
        sa.Index("ix_ruling_criterion", "rubric_id", "criterion_key", "fingerprint"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    rubric_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric.id"))
    criterion_key: Mapped[str] = mapped_column(sa.String(64))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    """Of the criterion as it stood: a criterion that asks another question has no part in the ruling."""
    text: Mapped[str] = mapped_column(sa.Text)
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("inbox_entry.id"))
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    made_at: Mapped[datetime]
    withdrawn_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    withdrawn_at: Mapped[datetime | None]
