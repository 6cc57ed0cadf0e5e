"""What the graders of an item answered to its case, after they saw what all of them gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import ReconciledLevel, Reconciliation
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.schema import Cause
from evalhub.calibration.schema.consensus import Answer


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One grader's last answer, by criterion id."""

    reviewer_id: int
    occasion: int
    reason: str
    cause: Cause
    sent_at: datetime
    answers: Mapping[int, Answer]


def latest_of(session: Session, place: CasePlace) -> dict[int, Reconciled]:
    """The last answer of each grader who gave one, by account id."""
    levels: dict[tuple[int, int], dict[int, Answer]] = {}
    this = (ReconciledLevel.project_id == place.project_id, ReconciledLevel.task_id == place.task_id)
    for row in session.scalars(sa.select(ReconciledLevel).where(*this)):
        levels.setdefault((row.reviewer_id, row.occasion), {})[row.criterion_id] = Answer(row.level, row.value)
    rows = session.scalars(
        sa.select(Reconciliation)
        .where(Reconciliation.project_id == place.project_id, Reconciliation.task_id == place.task_id)
        .order_by(Reconciliation.occasion)
    )
    return {
        row.reviewer_id: Reconciled(
            reviewer_id=row.reviewer_id,
            occasion=row.occasion,
            reason=row.reason,
            cause=row.cause,
            sent_at=row.sent_at,
            answers=levels.get((row.reviewer_id, row.occasion), {}),
        )
        for row in rows
    }
