"""Full reports that were kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.models import StoredReport
from evalhub.errors import NotFound


def latest_stored(session: Session, project_id: int) -> StoredReport | None:
    """The newest report of a project."""
    return session.scalar(
        sa.select(StoredReport).where(StoredReport.project_id == project_id).order_by(StoredReport.id.desc()).limit(1)
    )


def stored_named(session: Session, project_id: int, public_id: str) -> StoredReport:
    """The report of that id, if it is the project's.

    Raises:
        NotFound: there is none, or it was dropped for newer ones.
    """
    found = session.scalar(
        sa.select(StoredReport).where(StoredReport.project_id == project_id, StoredReport.public_id == public_id)
    )
    if found is None:
        raise NotFound("There is no such report; a project keeps its newest ones only.")
    return found
