"""Full calibration reports that were made in the background, so that a page need not compute them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, new_public_id


class StoredReport(Base):
    """One full report as it was when it was made; a project keeps its newest ones."""

    __tablename__ = "calibration_report"
    __table_args__ = (
        sa.Index("ix_calibration_report_project", "project_id", "id"),
        sa.CheckConstraint("n_ratings >= 0", name="n_ratings_from_0"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    """Only reviews submitted between the two were read; None where there is no such bound."""
    n_ratings: Mapped[int] = mapped_column(sa.BigInteger)
    """Levels that counted in the project, so that a reader learns how many came since."""
    seed: Mapped[int] = mapped_column(sa.BigInteger)
    document: Mapped[str] = mapped_column(sa.Text)
    """`schema.report.CalibrationReport` as JSON."""
