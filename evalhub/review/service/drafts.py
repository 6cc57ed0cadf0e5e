"""Keep what a reviewer has written, and that they are at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import now
from evalhub.errors import Conflict
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, Draft
from evalhub.review.queries.assignments import desk_of, draft_of
from evalhub.review.schema import DraftBody, working_seconds
from evalhub.review.service.claim import lock_member
from evalhub.rubrics.schema.review import ReviewBody

EDITABLE = (*IN_WORK, AssignmentState.EXPIRED, AssignmentState.SKIPPED)


@dataclass(frozen=True, slots=True)
class SavedDraft:
    revision: int
    saved_at: datetime
    leased_until: datetime | None


class DraftConflict(Conflict):
    """Another tab saved in between; both texts are kept, the one stored is `stored`."""

    code = "draft_conflict"

    def __init__(self, stored: Draft) -> None:
        super().__init__("This draft was changed in another window. Choose which text to keep.")
        self.revision = stored.revision
        self.body: dict[str, Any] = stored.body
        self.saved_at = stored.updated_at


def save_draft(
    session: Session,
    *,
    assignment: str,
    reviewer_id: int,
    body: DraftBody,
    expected_revision: int,
    seconds_active: float | None = None,
) -> SavedDraft:
    """Store a draft over the revision that the page last saw; sent again for want of an answer, it changes nothing.

    Raises:
        DraftConflict: a newer revision is stored.
        Conflict: the review is submitted and not reopened.
        Forbidden: the reviewer has left the project.
    """
    desk = desk_of(session, assignment, reviewer_id)
    who = lock_member(session, desk.project.id, reviewer_id)
    row, draft = desk.assignment, draft_of(session, desk.assignment)
    if row.state not in EDITABLE and (draft is None or draft.revises != row.revision):
        raise Conflict("This review is submitted; reopen it to change it.", code="already_submitted")
    content = body.model_dump(mode="json", exclude_defaults=True)
    is_repeated = draft is not None and (draft.revision, draft.body) == (expected_revision + 1, content)
    if draft is not None and draft.revision != expected_revision and not is_repeated:
        raise DraftConflict(draft)
    moment = now(session)
    until = _beat(session, row, moment, who.lease_length, seconds_active)
    if draft is not None and is_repeated:
        return SavedDraft(draft.revision, draft.updated_at, until)
    if draft is None:
        draft = Draft(
            project_id=row.project_id, task_id=row.task_id, reviewer_id=row.reviewer_id, revision=0, updated_at=moment
        )
        session.add(draft)
    draft.revision += 1
    draft.body = content
    draft.updated_at = moment
    row.claimed_at = row.claimed_at or moment
    session.flush()
    return SavedDraft(draft.revision, moment, until)


def keep_as_draft(session: Session, *, assignment: str, reviewer_id: int, body: ReviewBody) -> None:
    """Keep what a refused submission said, beside whatever happens to its lease."""
    row = desk_of(session, assignment, reviewer_id).assignment
    draft = draft_of(session, row)
    if row.state not in EDITABLE and draft is None:
        return
    moment = now(session)
    if draft is None:
        draft = Draft(project_id=row.project_id, task_id=row.task_id, reviewer_id=row.reviewer_id, revision=0)
        session.add(draft)
    draft.revision += 1
    draft.body = DraftBody.of(body).model_dump(mode="json", exclude_defaults=True)
    draft.updated_at = moment
    row.claimed_at = row.claimed_at or moment
    session.flush()


def heartbeat(
    session: Session, *, assignment: str, reviewer_id: int, lease: str, seconds_active: float | None = None
) -> datetime:
    """Extend the lease of a reviewer who is at work.

    Returns:
        Until when it lasts now.

    Raises:
        Conflict: the lease has ended or is another (`lease`).
        Forbidden: the reviewer has left the project.
    """
    desk = desk_of(session, assignment, reviewer_id)
    who = lock_member(session, desk.project.id, reviewer_id)
    until = None
    if desk.assignment.lease == lease:
        until = _beat(session, desk.assignment, now(session), who.lease_length, seconds_active)
    if until is None:
        raise Conflict("Your hold on this item has ended; what you wrote is kept as a draft.", code="lease")
    return until


def _beat(
    session: Session, row: Assignment, moment: datetime, length: timedelta, seconds_active: float | None
) -> datetime | None:
    """Extend a running lease and count the time at work; None when there is no lease (any more)."""
    until = moment + length
    return session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id == row.project_id,
            Assignment.task_id == row.task_id,
            Assignment.reviewer_id == row.reviewer_id,
            Assignment.state == AssignmentState.LEASED,
        )
        .values(
            leased_until=until,
            seen_at=moment,
            active_seconds=Assignment.active_seconds + working_seconds(row.seen_at, moment, seconds_active),
        )
        .returning(Assignment.leased_until)
    ).scalar_one_or_none()
