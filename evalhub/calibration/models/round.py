"""Calibration rounds: items that everybody grades, apart from the project's figures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id


class RoundState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class CalibrationRound(Base):
    """One exercise: the same items graded by the same people on one version of the rubric."""

    __tablename__ = "calibration_round"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "number"),
        sa.UniqueConstraint("batch_id"),
        sa.CheckConstraint("number >= 1", name="number_from_1"),
        sa.CheckConstraint("discussed_share BETWEEN 0 AND 1", name="discussed_share"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_a_time"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    number: Mapped[int]
    """From 1 within the project; the occasion of the round's tasks."""
    name: Mapped[str] = mapped_column(sa.Text)
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    follows_id: Mapped[int | None] = mapped_column(sa.ForeignKey("calibration_round.id"))
    """The earlier round on the same items that this one is compared with."""
    state: Mapped[RoundState] = mapped_column(enum_type(RoundState, "state"), default=RoundState.OPEN)
    chosen: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """How its items were chosen, for its page."""
    seed: Mapped[int] = mapped_column(sa.BigInteger)
    """Of the draw of its items, of those that are talked about, and of their order."""
    discussed_share: Mapped[float]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    closed_at: Mapped[datetime | None]


class RoundItem(Base):
    """A task of a round; `discussed` ones are talked about once the round is closed."""

    __tablename__ = "round_item"
    __table_args__ = (
        sa.ForeignKeyConstraint(["project_id", "task_id"], ["task.project_id", "task.id"], name="fk_round_item_task"),
        sa.Index("ix_round_item_round", "round_id"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("calibration_round.id"))
    discussed: Mapped[bool]
