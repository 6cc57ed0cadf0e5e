"""Send a review back to its reviewer before the case is decided."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.queries.cases import CasePlace, case_of
from evalhub.adjudication.queries.reviewers import is_there
from evalhub.adjudication.schema import check_text
from evalhub.adjudication.service.corrections import can_reopen
from evalhub.adjudication.service.taking import admit, lock_case
from evalhub.audit.service import record
from evalhub.db import locked, now
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Member, Project
from evalhub.review.models import Assignment, AssignmentState, ReturnedReview
from evalhub.review.queries.assignments import lock_task
from evalhub.review.queries.returned import return_of
from evalhub.review.service.revise import reopen_review


def send_back(
    session: Session, case_public_id: str, reviewer_id: int, reason: str, *, by: Account, at: datetime
) -> None:
    """Lay a review out to its reviewer as a draft, with the reason; what they submitted stands until they submit again.

    Whoever sends it back takes no part in reviewing the item from then on: the page showed them how the answers lie.

    Raises:
        NotFound: no such case or review in it, or the account graded the item.
        BadInput: no reason.
        Conflict: the review can no longer be changed (`not_revisable`), was sent back already (`returned`), or its
            reviewer cannot answer (`gone`).
    """
    check_text("reason", reason, "say what is missing; the reviewer will read it")
    place = case_of(session, case_public_id)
    can_answer = _lock_members(session, place, by.id, reviewer_id)
    admit(session, place, by.id)
    task = lock_task(session, place.project_id, place.task_id)
    row = session.scalars(
        locked(
            sa.select(Assignment).where(
                Assignment.project_id == place.project_id,
                Assignment.task_id == place.task_id,
                Assignment.reviewer_id == reviewer_id,
                Assignment.state == AssignmentState.SUBMITTED,
            )
        ).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    lock_case(session, place.project_id, place.task_id)
    if return_of(session, row) is not None:
        raise Conflict("This review was sent back already, and has not come in again.", code="returned")
    if not can_answer:
        raise Conflict("Its reviewer has left the project; nobody could answer.", code="gone")
    if not can_reopen(session, task, row):
        raise Conflict(
            "This review can no longer be changed: the case is decided, the batch is closed, or its reviewer has seen "
            "what others said.",
            code="not_revisable",
        )
    reopen_review(session, assignment=row.public_id, reviewer_id=reviewer_id, reviewer=by.public_id)
    _keep(session, row, reason, by, at)


def _keep(session: Session, row: Assignment, reason: str, by: Account, at: datetime) -> None:
    session.add(
        ReturnedReview(
            project_id=row.project_id,
            task_id=row.task_id,
            reviewer_id=row.reviewer_id,
            revision=row.revision,
            reason=reason.replace("\r\n", "\n").strip(),
            returned_by_id=by.id,
            returned_at=now(session),
        )
    )
    session.flush()
    record(
        session,
        action="review.returned",
        subject=("assignment", row.public_id),
        actor=by.public_id,
        at=at,
        chain=session.get_one(Project, row.project_id).public_id,
        payload={"revision": row.revision},
    )


def _lock_members(session: Session, place: CasePlace, own_id: int, reviewer_id: int) -> bool:
    """Lock both memberships, in order of id; whether the reviewer is a person who still reviews here."""
    members = session.scalars(
        locked(
            sa.select(Member)
            .where(Member.project_id == place.project_id, Member.account_id.in_([own_id, reviewer_id]))
            .order_by(Member.account_id)
        )
    ).all()
    member = next((one for one in members if one.account_id == reviewer_id), None)
    return is_there(session.get_one(Account, reviewer_id), member)
