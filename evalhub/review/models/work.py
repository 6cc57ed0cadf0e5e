"""What reviewers answer: drafts, reviews, ratings with their notes, tags and quotes, and earlier revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, new_public_id


class Draft(Base):
    __tablename__ = "draft"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_draft_assignment",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int]
    revises: Mapped[int | None]
    """The revision of the review that this draft would replace; None where nothing is submitted yet."""
    body: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    updated_at: Mapped[datetime]


class Review(Base):
    """One revision of one reviewer's review of one task; kept for good."""

    __tablename__ = "review"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_review_assignment",
        ),
        sa.UniqueConstraint("project_id", "reviewer_id", "idempotency_key"),
        sa.CheckConstraint("confidence BETWEEN 1 AND 3", name="confidence"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    submitted_at: Mapped[datetime]
    active_seconds: Mapped[float | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    confidence: Mapped[int | None]
    idempotency_key: Mapped[str] = mapped_column(sa.String(64))
    request_sha256: Mapped[str] = mapped_column(sa.String(64))
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None] = mapped_column(sa.Text)


class ReturnedReview(Base):
    """A revision that was sent back to its reviewer; it stands, and is theirs to change until a later one is stored."""

    __tablename__ = "returned_review"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id", "revision"],
            ["review.project_id", "review.task_id", "review.reviewer_id", "review.revision"],
            name="fk_returned_review_review",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True, index=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(sa.Text)
    returned_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    returned_at: Mapped[datetime]


class Rating(Base):
    """One current level given to one criterion; narrow, because there are many."""

    __tablename__ = "rating"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_rating_assignment",
        ),
        sa.CheckConstraint(
            "(CASE WHEN level IS NULL THEN 0 ELSE 1 END) + (CASE WHEN value IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN not_applicable THEN 1 ELSE 0 END) = 1",
            name="one_answer",
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "criterion_id", "task_id", "reviewer_id", postgresql_include=["level", "planned"]
        ),
        sa.Index("rating_of_task", "project_id", "task_id", "reviewer_id"),
        {"sqlite_with_rowid": False},
    )

    project_id: Mapped[int] = mapped_column(BigId)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"))
    task_id: Mapped[int] = mapped_column(sa.BigInteger)
    reviewer_id: Mapped[int] = mapped_column(BigId)
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    value: Mapped[float | None]
    not_applicable: Mapped[bool] = mapped_column(default=False)
    planned: Mapped[bool]


class RatingNote(Base):
    __tablename__ = "rating_note"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_rating_note_assignment",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)


class RatingTag(Base):
    """A root cause that the reviewer ticked under a criterion."""

    __tablename__ = "rating_tag"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_rating_tag_assignment",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(sa.String(64), primary_key=True)


class Evidence(Base):
    """A quoted span; offsets count code points of the raw text."""

    __tablename__ = "evidence"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_evidence_assignment",
        ),
        sa.CheckConstraint('0 <= "start" AND "start" < "end"', name="span_is_not_empty"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    side: Mapped[str] = mapped_column(sa.String(16))
    start: Mapped[int]
    end: Mapped[int]
    exact: Mapped[str] = mapped_column(sa.Text)
    prefix: Mapped[str] = mapped_column(sa.Text)
    suffix: Mapped[str] = mapped_column(sa.Text)


class RatingHistory(Base):
    """A rating with its note, tags and quotes as it stood in one revision of a review that was replaced or voided."""

    __tablename__ = "rating_history"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id", "revision"],
            ["review.project_id", "review.task_id", "review.reviewer_id", "review.revision"],
            name="fk_rating_history_review",
        ),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    value: Mapped[float | None]
    not_applicable: Mapped[bool]
    planned: Mapped[bool]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    tags: Mapped[list[str]] = mapped_column(CanonicalJson)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(CanonicalJson)
