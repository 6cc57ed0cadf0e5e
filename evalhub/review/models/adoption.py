"""The rubric versions that a project took up half way."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, enum_type, new_public_id
from evalhub.review.schema import Changed


class Adoption(Base):
    """One change of a project's rubric version; `completed_at` is None while its tasks are still being made."""

    __tablename__ = "adoption"
    __table_args__ = (
        sa.Index("ix_adoption_project", "project_id"),
        sa.Index(
            "adoption_one_running",
            "project_id",
            unique=True,
            sqlite_where=sa.text("completed_at IS NULL"),
            postgresql_where=sa.text("completed_at IS NULL"),
        ),
        sa.CheckConstraint("(changed = 'sample') = (sample_size IS NOT NULL)", name="sample_has_a_size"),
        sa.CheckConstraint("sample_size >= 1", name="sample_size_from_1"),
        sa.CheckConstraint("from_version_id <> to_version_id", name="another_version"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    from_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    to_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    changed: Mapped[Changed] = mapped_column(enum_type(Changed, "changed"))
    sample_size: Mapped[int | None]
    """Items asked for; those drawn may be fewer."""
    reason: Mapped[str] = mapped_column(sa.Text)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("batch.id"))
    """What the regrade tasks stand in; None where none is asked for."""
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """None for the command line."""
    at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
