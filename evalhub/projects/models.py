"""Projects: a dataset graded against a rubric version by their members."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id


class ProjectState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class QueueOrder(StrEnum):
    RANDOM = "random"
    AS_IMPORTED = "as-imported"
    BY_GROUP = "by-group"


class MemberState(StrEnum):
    ACTIVE = "active"
    REMOVED = "removed"


class BatchState(StrEnum):
    FILLING = "filling"
    OPEN = "open"
    CLOSED = "closed"


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (
        sa.CheckConstraint("overlap_base BETWEEN 1 AND 31", name="overlap_base"),
        sa.CheckConstraint("overlap_need BETWEEN overlap_base AND 31", name="overlap_need"),
        sa.CheckConstraint("overlap_share BETWEEN 0 AND 1", name="overlap_share"),
        sa.CheckConstraint("lease_minutes BETWEEN 1 AND 1440", name="lease_minutes"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    title: Mapped[str] = mapped_column(sa.Text)
    dataset_id: Mapped[int] = mapped_column(sa.ForeignKey("dataset.id"))
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    state: Mapped[ProjectState] = mapped_column(enum_type(ProjectState, "state"), default=ProjectState.OPEN)
    overlap_base: Mapped[int]
    """Reviewers an item gets."""
    overlap_share: Mapped[float]
    """Share of the items that get `overlap_need` reviewers instead."""
    overlap_need: Mapped[int]
    stratify_by: Mapped[list[str]] = mapped_column(CanonicalJson)
    """Which of "model" and "tags" the share is spread over evenly."""
    seed: Mapped[int] = mapped_column(sa.BigInteger)
    """Decides who gets more reviewers, and the random order."""
    queue_order: Mapped[QueueOrder] = mapped_column(enum_type(QueueOrder, "queue_order"), default=QueueOrder.RANDOM)
    pairs: Mapped[bool] = mapped_column(default=False)
    """Whether two items of one `pair_id` are graded side by side, and a preference is asked for."""
    rules: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """`projects.schema.Rules`: flags, consensus, pass; fixed when the project is made."""
    lease_minutes: Mapped[int]
    requires_certificate: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether only members certified for the project's rubric version are handed its work; panels stand apart."""
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    pseudonym_key: Mapped[str] = mapped_column(sa.String(64))
    """Hex key of the HMAC that makes reviewers' pseudonyms in exports."""
    last_task_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """Task ids are given out in blocks under this row's lock."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))


class Member(Base):
    __tablename__ = "member"
    __table_args__ = (sa.UniqueConstraint("project_id", "source_name"), sa.Index("ix_member_account", "account_id"))

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    is_reviewer: Mapped[bool] = mapped_column(default=False)
    is_adjudicator: Mapped[bool] = mapped_column(default=False)
    is_manager: Mapped[bool] = mapped_column(default=False)
    is_viewer: Mapped[bool] = mapped_column(default=False)
    state: Mapped[MemberState] = mapped_column(enum_type(MemberState, "state"), default=MemberState.ACTIVE)
    source_name: Mapped[str | None] = mapped_column(sa.String(100))
    """The reviewer's name in imported ratings; only imported accounts have one."""
    is_simulated: Mapped[bool] = mapped_column(default=False)
    """The ratings of this member were drawn by a program; shown wherever the member is named."""
    certified_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rubric_version.id"))
    """The rubric version of their valid certificate; kept by training, read when work is handed out."""
    joined_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Batch(Base):
    """One portion of a project's work: the items of one import, or those of a calibration round."""

    __tablename__ = "batch"
    __table_args__ = (sa.UniqueConstraint("project_id", "import_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("item_import.id"))
    """None where the items were chosen one by one."""
    name: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[BatchState] = mapped_column(enum_type(BatchState, "state"), default=BatchState.FILLING)
    priority: Mapped[int] = mapped_column(default=0)
    """Higher is handed out first."""
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    created_at: Mapped[datetime]
