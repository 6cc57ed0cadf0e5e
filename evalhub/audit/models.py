"""The append-only log: events as they were written, and the head of each chain."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId


class AuditEvent(Base):
    """One change; inserted unchained in the transaction of the change, chained by the next sweep.

    `body` holds the canonical bytes that are hashed; the other columns repeat parts of it for searching.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.UniqueConstraint("chain", "seq"),
        sa.CheckConstraint("(seq IS NULL) = (hash IS NULL)", name="chained_or_not"),
        sa.Index(
            "ix_audit_event_unchained",
            "id",
            sqlite_where=sa.text("seq IS NULL"),
            postgresql_where=sa.text("seq IS NULL"),
        ),
        sa.Index("ix_audit_event_subject", "chain", "subject_type", "subject_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain: Mapped[str] = mapped_column(sa.String(32))
    """The project's public id, or "instance"."""
    seq: Mapped[int | None] = mapped_column(sa.BigInteger)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(32))
    """The account's public id, or "" for the program itself."""
    action: Mapped[str] = mapped_column(sa.String(64))
    subject_type: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[str] = mapped_column(sa.String(128))
    body: Mapped[str] = mapped_column(sa.Text)
    hash: Mapped[str | None] = mapped_column(sa.String(64))


class AuditHead(Base):
    __tablename__ = "audit_head"

    chain: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditCheck(Base):
    """That somebody looked whether a chain is whole, and what they found."""

    __tablename__ = "audit_check"
    __table_args__ = (sa.Index("ix_audit_check_chain", "chain", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain: Mapped[str] = mapped_column(sa.String(32))
    """The chain's name, "" for all of them."""
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(32))
    """The account's public id, or "" for the command line."""
    n_events: Mapped[int] = mapped_column(sa.BigInteger)
    difference: Mapped[str | None] = mapped_column(sa.Text)
    """The first that was found in each chain, in words; None when the log was whole."""
