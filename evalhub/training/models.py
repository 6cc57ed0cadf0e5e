"""Gold items with their reference answers, the attempts of reviewers on them, and certificates.

The work itself stands in the tables of the review stage: an attempt is a panel queue for one person, and a trial says
which gold item a task of it is held against.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id


class Use(StrEnum):
    """What a gold item serves; the values are those of the purposes of the tasks made for it."""

    PRACTICE = "practice"
    QUALIFICATION = "qualification"
    GOLD = "gold"


class CertificateState(StrEnum):
    VALID = "valid"
    FAILED = "failed"
    LAPSED = "lapsed"


class LapseReason(StrEnum):
    NEW_VERSION = "new_version"
    DRIFT = "drift"
    WITHDRAWN = "withdrawn"


class TrainingPlan(Base):
    """How a project trains its reviewers; a project without a row uses `training.schema.rules.PlanSettings()`."""

    __tablename__ = "training_plan"
    __table_args__ = (
        sa.CheckConstraint("gold_share BETWEEN 0 AND 0.2", name="gold_share"),
        sa.CheckConstraint("practice_items >= 1", name="practice_items"),
        sa.CheckConstraint("retake_hours >= 0", name="retake_hours"),
    )

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    gold_share: Mapped[float]
    """Gold tasks a live review, on average."""
    practice_items: Mapped[int]
    """How many items one round of practice has at most."""
    retake_hours: Mapped[int]
    """How long somebody waits after a failed qualification."""
    rule: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """`training.schema.rules.Rule`."""


class Gold(Base):
    """An item with known answers by one version of the rubric; a changed reference is a new row."""

    __tablename__ = "gold"
    __table_args__ = (
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_gold_item"),
        sa.Index(
            "gold_in_use",
            "project_id",
            "item_id",
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    dataset_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(sa.BigInteger)
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    use: Mapped[Use] = mapped_column(enum_type(Use, "use"))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    """For managers: where the reference comes from, what it teaches."""
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    retired_at: Mapped[datetime | None]


class GoldAnswer(Base):
    """The reference answer of one criterion, with its reason and the quotes that carry it."""

    __tablename__ = "gold_answer"
    __table_args__ = (
        sa.CheckConstraint(
            "(CASE WHEN level IS NULL THEN 0 ELSE 1 END) + (CASE WHEN value IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN not_applicable THEN 1 ELSE 0 END) = 1",
            name="one_answer",
        ),
    )

    gold_id: Mapped[int] = mapped_column(sa.ForeignKey("gold.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    value: Mapped[float | None]
    not_applicable: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(CanonicalJson)
    """Quotes as {side, start, end, exact, prefix, suffix}; offsets count code points of the raw text."""


class Attempt(Base):
    """One person's practice or qualification, or the gold items hidden among their live work by one rubric version."""

    __tablename__ = "attempt"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "account_id", "use", "number"),
        sa.Index(
            "attempt_one_open",
            "project_id",
            "account_id",
            "use",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("passed IS NULL OR ended_at IS NOT NULL", name="passed_once_ended"),
        sa.CheckConstraint("number >= 1", name="number_from_1"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    use: Mapped[Use] = mapped_column(enum_type(Use, "use"))
    number: Mapped[int]
    """1, 2, … of this person and use."""
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("batch.id"), unique=True)
    """The panel's batch; its tasks have the attempt's id as their occasion."""
    rule: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """`training.schema.rules.StatedRule` as it stood when the attempt began."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    passed: Mapped[bool | None]
    """Of an ended qualification; None where it was ended without a result."""


class Trial(Base):
    """The task of an attempt, and the gold item whose answers it is held against."""

    __tablename__ = "trial"
    __table_args__ = (
        sa.ForeignKeyConstraint(["project_id", "task_id"], ["task.project_id", "task.id"], name="fk_trial_task"),
        sa.Index("ix_trial_attempt", "attempt_id"),
        sa.Index("ix_trial_gold", "gold_id"),
    )

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    gold_id: Mapped[int] = mapped_column(sa.ForeignKey("gold.id"))


class Certificate(Base):
    """The result of a qualification, or what a manager granted instead."""

    __tablename__ = "certificate"
    __table_args__ = (
        sa.Index(
            "certificate_one_valid",
            "project_id",
            "account_id",
            unique=True,
            sqlite_where=sa.text("state = 'valid'"),
            postgresql_where=sa.text("state = 'valid'"),
        ),
        sa.CheckConstraint(
            "(state = 'lapsed') = (lapsed_at IS NOT NULL AND lapsed_reason IS NOT NULL)", name="lapsed_with_a_reason"
        ),
        sa.CheckConstraint("(attempt_id IS NULL) = (granted_reason IS NOT NULL)", name="earned_or_granted"),
        sa.CheckConstraint('"right" BETWEEN 0 AND n', name="right_of_n"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    attempt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attempt.id"), unique=True)
    state: Mapped[CertificateState] = mapped_column(enum_type(CertificateState, "state"))
    issued_at: Mapped[datetime]
    rule: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    """`training.schema.rules.StatedRule`; the drift rule of a granted one too."""
    n: Mapped[int]
    """Items graded or passed on before the outcome was fixed; 0 where it was granted."""
    right: Mapped[int]
    by_criterion: Mapped[dict[str, list[int]]] = mapped_column(CanonicalJson)
    """Exact answers and answers, by criterion key."""
    granted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    granted_reason: Mapped[str | None] = mapped_column(sa.Text)
    retake_at: Mapped[datetime | None]
    """Of a failed one: from when on another attempt may begin."""
    lapsed_at: Mapped[datetime | None]
    lapsed_reason: Mapped[LapseReason | None] = mapped_column(enum_type(LapseReason, "lapsed_reason"))
    lapsed_note: Mapped[str | None] = mapped_column(sa.Text)
    """In words, for the reviewer and the managers."""
