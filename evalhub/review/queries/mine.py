"""The reviewer's own reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.review.models import Assignment, AssignmentState, Draft, Task
from evalhub.review.schema import item_alias

A_PAGE = 20
SHOWN = (
    AssignmentState.LEASED,
    AssignmentState.SUBMITTED,
    AssignmentState.EXTRA,
    AssignmentState.EXPIRED,
    AssignmentState.SKIPPED,
    AssignmentState.VOIDED,
)


@dataclass(frozen=True, slots=True)
class MyReview:
    assignment: str
    alias: str
    project: str
    project_title: str
    state: str
    claimed_at: datetime | None
    submitted_at: datetime | None
    is_settled: bool
    has_draft: bool


@dataclass(frozen=True, slots=True)
class MyReviews:
    reviews: list[MyReview]
    page: int
    pages: int
    total: int


def my_reviews(session: Session, reviewer_id: int, *, page: int = 1) -> MyReviews:
    """What the reviewer has held, the last first."""
    mine = sa.and_(Assignment.reviewer_id == reviewer_id, Assignment.state.in_(SHOWN))
    total = session.scalar(sa.select(sa.func.count()).select_from(Assignment).where(mine)) or 0
    pages = max(1, -(-total // A_PAGE))
    page = min(max(page, 1), pages)
    rows = session.execute(
        sa.select(Assignment, Project.name, Project.title, Task.settled_at, Draft.revision)
        .join(Project, Project.id == Assignment.project_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .outerjoin(
            Draft,
            sa.and_(
                Draft.project_id == Assignment.project_id,
                Draft.task_id == Assignment.task_id,
                Draft.reviewer_id == Assignment.reviewer_id,
            ),
        )
        .where(mine)
        .order_by(Assignment.claimed_at.desc(), Assignment.public_id)
        .limit(A_PAGE)
        .offset((page - 1) * A_PAGE)
    )
    reviews = [
        MyReview(
            assignment=assignment.public_id,
            alias=item_alias(assignment.public_id),
            project=name,
            project_title=title,
            state=assignment.state.value,
            claimed_at=assignment.claimed_at,
            submitted_at=assignment.submitted_at,
            is_settled=settled_at is not None,
            has_draft=draft is not None,
        )
        for assignment, name, title, settled_at, draft in rows
    ]
    return MyReviews(reviews, page, pages, total)
