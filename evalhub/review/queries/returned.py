"""Reviews that were sent back to their reviewers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import Assignment, AssignmentState, ReturnedReview

IS_RETURNED = sa.and_(
    ReturnedReview.project_id == Assignment.project_id,
    ReturnedReview.task_id == Assignment.task_id,
    ReturnedReview.reviewer_id == Assignment.reviewer_id,
    ReturnedReview.revision == Assignment.revision,
    Assignment.state == AssignmentState.SUBMITTED,
)
"""Of an `Assignment` and a `ReturnedReview` in the statement: the revision that stands is the one sent back."""


def return_of(session: Session, assignment: Assignment) -> ReturnedReview | None:
    """Why the review was sent back, until it is submitted again."""
    place = (assignment.project_id, assignment.task_id, assignment.reviewer_id, assignment.revision)
    return session.get(ReturnedReview, place) if assignment.state is AssignmentState.SUBMITTED else None
