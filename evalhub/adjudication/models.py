"""Disputed tasks, what was decided about them, and corrections that reviewers ask for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.adjudication.schema import Cause
from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id

ONE_ANSWER = (
    "(CASE WHEN level IS NULL THEN 0 ELSE 1 END) + (CASE WHEN value IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN not_applicable THEN 1 ELSE 0 END) = 1"
)
"""Of the columns that hold one answer to a criterion."""


class CaseState(StrEnum):
    OPEN = "open"
    DECIDED = "decided"
    CORRECTED = "corrected"
    SET_ASIDE = "set_aside"
    """Its item was withdrawn, or a review that it rested on voided; it opens again where reviewers differ anew."""

    @property
    def has_nothing_to_settle(self) -> bool:
        """Closed without a decision."""
        return self in (CaseState.CORRECTED, CaseState.SET_ASIDE)


class CorrectionState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Case(Base):
    """A task whose reviewers differ; at most one a task."""

    __tablename__ = "case"
    __table_args__ = (
        sa.ForeignKeyConstraint(["project_id", "task_id"], ["task.project_id", "task.id"], name="fk_case_task"),
        sa.Index("ix_case_queue", "project_id", "state", "triage"),
    )

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    state: Mapped[CaseState] = mapped_column(enum_type(CaseState, "state"), default=CaseState.OPEN)
    triage: Mapped[float]
    """Place in the queue: the highest first."""
    opened_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    taken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)
    """Of the decision that stands; 0 before the first."""


class CaseCriterion(Base):
    """A disputed criterion of a case, and the flags that were raised."""

    __tablename__ = "case_criterion"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id"], ["case.project_id", "case.task_id"], name="fk_case_criterion_case"
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    flags: Mapped[list[str]] = mapped_column(CanonicalJson)


class Decision(Base):
    """One revision of the settlement of a case; the last stands, all are kept."""

    __tablename__ = "decision"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id"], ["case.project_id", "case.task_id"], name="fk_decision_case"
        ),
        # A decider holds the task's one row of theirs, as `excluded`, so they can neither have graded it nor claim it.
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "decided_by_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_decision_excluded",
        ),
        sa.UniqueConstraint("project_id", "decided_by_id", "idempotency_key"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rationale: Mapped[str] = mapped_column(sa.Text)
    cause: Mapped[Cause] = mapped_column(enum_type(Cause, "cause"))
    decided_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime]
    exception: Mapped[str | None] = mapped_column(sa.Text)
    """Why somebody decided who usually may not: a manager's recorded exception."""
    idempotency_key: Mapped[str] = mapped_column(sa.String(64))
    request_sha256: Mapped[str] = mapped_column(sa.String(64))

    @property
    def grounds(self) -> str:
        """The rationale, after what is recorded where somebody decided who usually may not."""
        return f"{self.exception}\n\n{self.rationale}" if self.exception else self.rationale


class DecidedLevel(Base):
    __tablename__ = "decided_level"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "revision"],
            ["decision.project_id", "decision.task_id", "decision.revision"],
            name="fk_decided_level_decision",
        ),
        sa.CheckConstraint(ONE_ANSWER, name="one_answer"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    value: Mapped[float | None]
    not_applicable: Mapped[bool] = mapped_column(default=False)


class Correction(Base):
    """A reviewer's "I was wrong", for the adjudicator to accept or decline."""

    __tablename__ = "correction"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_correction_assignment",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    occasion: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    value: Mapped[float | None]
    not_applicable: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[CorrectionState] = mapped_column(enum_type(CorrectionState, "state"), default=CorrectionState.OPEN)
    sent_at: Mapped[datetime]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    settled_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(sa.Text)
    """What the adjudicator said to it."""


class ResolutionAnswer(Base):
    """What a reviewer answered to a decision, once for each; a further decision, or a reading, closes it."""

    __tablename__ = "resolution_answer"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_resolution_answer_assignment",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "revision"],
            ["decision.project_id", "decision.task_id", "decision.revision"],
            name="fk_resolution_answer_decision",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Of the decision that it answers."""
    text: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[datetime]
    read_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    read_at: Mapped[datetime | None]
    """When an adjudicator let the decision stand in spite of it."""


class ExceptionKind(StrEnum):
    RECONCILE = "reconcile"
    """Those who graded the item settle it together."""
    MANAGER = "manager"
    """The manager who granted it decides."""


class DecisionException(Base):
    """A recorded way to settle a case that no adjudicator may settle."""

    __tablename__ = "decision_exception"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id"], ["case.project_id", "case.task_id"], name="fk_decision_exception_case"
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    kind: Mapped[ExceptionKind] = mapped_column(enum_type(ExceptionKind, "kind"), primary_key=True)
    granted_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    granted_at: Mapped[datetime]


class Reconciliation(Base):
    """What a grader answers after seeing what the others gave; all are kept, the last of each counts."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id"], ["case.project_id", "case.task_id"], name="fk_reconciliation_case"
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_reconciliation_assignment",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    occasion: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(sa.Text)
    cause: Mapped[Cause] = mapped_column(enum_type(Cause, "cause"))
    sent_at: Mapped[datetime]


class ReconciledLevel(Base):
    __tablename__ = "reconciled_level"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id", "occasion"],
            [
                "reconciliation.project_id",
                "reconciliation.task_id",
                "reconciliation.reviewer_id",
                "reconciliation.occasion",
            ],
            name="fk_reconciled_level_reconciliation",
        ),
        sa.CheckConstraint(ONE_ANSWER, name="one_answer"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    occasion: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    value: Mapped[float | None]
    not_applicable: Mapped[bool] = mapped_column(default=False)


class CaseBacklog(Base):
    """A project whose past ratings were imported and whose cases are still being opened; the sweep finishes it."""

    __tablename__ = "case_backlog"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    since: Mapped[datetime]
