"""Rubrics, their immutable versions, the criteria and levels that scores point to, and drafts of what may come."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evalhub.accounts.models import Account
from evalhub.db import Base, BigId, new_public_id


class Rubric(Base):
    __tablename__ = "rubric"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """Who answers questions about it: whoever published the first version, until handed on; None for the admins."""


class RubricVersion(Base):
    """A published rubric; never changed afterwards."""

    __tablename__ = "rubric_version"
    __table_args__ = (
        sa.UniqueConstraint("rubric_id", "number"),
        sa.CheckConstraint("number >= 1", name="number_from_1"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rubric_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(sa.Text)
    yaml: Mapped[str] = mapped_column(sa.Text)
    canonical: Mapped[str] = mapped_column(sa.Text)
    """The canonical JSON whose SHA-256 is `sha256`."""
    sha256: Mapped[str] = mapped_column(sa.String(64))
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))

    rubric: Mapped[Rubric] = relationship(lazy="raise")
    criteria: Mapped[list[Criterion]] = relationship(lazy="raise", order_by="Criterion.position")


class Criterion(Base):
    __tablename__ = "criterion"
    __table_args__ = (
        sa.UniqueConstraint("rubric_version_id", "key"),
        sa.UniqueConstraint("rubric_version_id", "position"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    key: Mapped[str] = mapped_column(sa.String(64))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.Text)
    scale: Mapped[str] = mapped_column(sa.String(16))
    has_range: Mapped[bool]
    weight: Mapped[float]
    critical: Mapped[bool]
    fingerprint: Mapped[str] = mapped_column(sa.String(64))

    levels: Mapped[list[Level]] = relationship(lazy="raise", order_by="Level.rank")


class Level(Base):
    __tablename__ = "level"
    __table_args__ = (sa.UniqueConstraint("criterion_id", "key"), sa.CheckConstraint("rank >= 0", name="rank_from_0"))

    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(sa.String(64))
    label: Mapped[str] = mapped_column(sa.Text)
    score: Mapped[float]
    maps_to: Mapped[str] = mapped_column(sa.String(16))


class RubricDraft(Base):
    """The text of a version to come, faulty or not; every admin may work on it."""

    __tablename__ = "rubric_draft"
    __table_args__ = (sa.CheckConstraint("revision >= 1", name="revision_from_1"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    source: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.Text)
    """What the text calls itself; "" where it does not say."""
    based_on_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rubric_version.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    revision: Mapped[int] = mapped_column(default=1)
    """Goes up with every text that is saved; whoever saves names the one that their text rests on."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)

    based_on: Mapped[RubricVersion | None] = relationship(lazy="raise")
    owner: Mapped[Account] = relationship(lazy="raise")
