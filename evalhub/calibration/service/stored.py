"""Full reports that are made in the background and kept, and the one that a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from evalhub.calibration.models import StoredReport
from evalhub.calibration.queries.size import is_small, levels_given
from evalhub.calibration.queries.stored import latest_stored, stored_named
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.service.full import full_report
from evalhub.db import new_public_id
from evalhub.jobs.models import Job
from evalhub.jobs.service import enqueue
from evalhub.projects.models import Project
from evalhub.review.queries.patterns import pattern_counts

CALIBRATION_REPORT = "calibration-report"
KEPT = 20


@dataclass(frozen=True, slots=True)
class AtHand:
    """The full report that can be shown at once.

    `report` is None where the project is large and nobody has had one made. `public_id` names a kept report, and is
    None where the report was computed just now. `is_fresh` says that it holds the levels that count now; `n_since` is
    how many more there are (values of a range are not counted).
    """

    report: CalibrationReport | None
    public_id: str | None
    is_fresh: bool
    n_since: int


def shown_report(session: Session, project_id: int) -> AtHand:
    """The full report of a small project, computed now; the newest kept one of a large project."""
    if is_small(session, project_id):
        return AtHand(full_report(session, project_id), None, True, 0)
    return latest_report(session, project_id)


def latest_report(session: Session, project_id: int) -> AtHand:
    """The newest kept report, if there is one."""
    stored = latest_stored(session, project_id)
    return AtHand(None, None, False, 0) if stored is None else _at_hand(session, stored)


def report_named(session: Session, project_id: int, public_id: str) -> AtHand:
    """A kept report.

    Raises:
        NotFound: the project has none of that id.
    """
    return _at_hand(session, stored_named(session, project_id, public_id))


def request_report(session: Session, project_id: int, by_id: int | None) -> Job:
    """Have a full report made in the background; the job that makes one already is answered again."""
    return enqueue(
        session,
        CALIBRATION_REPORT,
        {"report": new_public_id()},
        project_id=project_id,
        by_id=by_id,
        key=CALIBRATION_REPORT,
    )


def keep_report(
    session: Session, project_id: int, report: CalibrationReport, *, public_id: str, n_ratings: int, by_id: int | None
) -> None:
    """Store a report under an id, and drop the oldest beyond twenty; doing it again changes nothing."""
    if session.scalar(sa.select(StoredReport.id).where(StoredReport.public_id == public_id)) is not None:
        return
    project = session.get_one(Project, project_id)
    session.add(
        StoredReport(
            public_id=public_id,
            project_id=project_id,
            rubric_version_id=project.rubric_version_id,
            made_at=report.made_at,
            made_by_id=by_id,
            since=report.since,
            until=report.until,
            n_ratings=n_ratings,
            seed=report.seed,
            document=_adapter().dump_json(report).decode(),
        )
    )
    session.flush()
    newest = (
        sa.select(StoredReport.id)
        .where(StoredReport.project_id == project_id)
        .order_by(StoredReport.id.desc())
        .limit(KEPT)
    )
    session.execute(
        sa.delete(StoredReport).where(
            StoredReport.project_id == project_id, StoredReport.id.not_in(newest.scalar_subquery())
        )
    )


def _at_hand(session: Session, stored: StoredReport) -> AtHand:
    now = levels_given(pattern_counts(session, stored.project_id))
    report = _adapter().validate_json(stored.document)
    return AtHand(report, stored.public_id, now == stored.n_ratings, max(now - stored.n_ratings, 0))


@cache
def _adapter() -> TypeAdapter[CalibrationReport]:
    return TypeAdapter(CalibrationReport)
