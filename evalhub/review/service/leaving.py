"""What becomes of the work of somebody who is kept out."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import QueueReviewer
from evalhub.review.service.skip import end_work_of


def end_all_work_of(session: Session, account_id: int) -> None:
    """End leases and eligibility in every project (handler of `account_disabled`); what was submitted stays.

    Whoever is let in again is made eligible again by `profile_changed`.
    """
    projects = sa.select(QueueReviewer.project_id).where(QueueReviewer.reviewer_id == account_id).distinct()
    for project_id in sorted(session.scalars(projects)):
        end_work_of(session, project_id, account_id)
