"""Stop work: what was handed out and not begun goes back."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import now
from evalhub.projects.models import Member
from evalhub.review.models import Assignment, AssignmentState, Draft, is_in


def let_unbegun_lapse(session: Session, reviewer_id: int) -> int:
    """End the leases of a reviewer on which nothing is written; the sweep gives them back as it does all that lapsed.

    Returns:
        How many leases end. One that is being submitted just then stays; an open review page may extend its own again.
    """
    has_draft = (
        sa.exists()
        .where(
            Draft.project_id == Assignment.project_id,
            Draft.task_id == Assignment.task_id,
            Draft.reviewer_id == Assignment.reviewer_id,
        )
        .correlate(Assignment)
    )
    ended = session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id.in_(sa.select(Member.project_id).where(Member.account_id == reviewer_id)),
            Assignment.reviewer_id == reviewer_id,
            is_in(AssignmentState.LEASED),
            ~has_draft,
        )
        .values(leased_until=now(session))
        .returning(Assignment.task_id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())
