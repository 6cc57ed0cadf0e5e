"""Stop work, or turn to other work: what was handed out and not begun goes back."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import now
from evalhub.projects.models import Member
from evalhub.review.models import Assignment, AssignmentState, Draft, Task, is_in
from evalhub.review.queries.assignments import lock_assignment
from evalhub.review.service.pairs import end_reservations, lock_pair
from evalhub.review.service.release import Freed, end_leases, release

HAS_DRAFT = (
    sa.exists()
    .where(
        Draft.project_id == Assignment.project_id,
        Draft.task_id == Assignment.task_id,
        Draft.reviewer_id == Assignment.reviewer_id,
    )
    .correlate(Assignment)
)


def let_unbegun_lapse(session: Session, reviewer_id: int) -> int:
    """End the leases of a reviewer on which nothing is written; the sweep gives them back as it does all that lapsed.

    Returns:
        How many leases end. One that is being submitted just then stays; an open review page may extend its own again.
    """
    ended = session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id.in_(sa.select(Member.project_id).where(Member.account_id == reviewer_id)),
            Assignment.reviewer_id == reviewer_id,
            is_in(AssignmentState.LEASED),
            ~HAS_DRAFT,
        )
        .values(leased_until=now(session))
        .returning(Assignment.task_id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def give_back_unbegun(session: Session, project_id: int, reviewer_id: int) -> str | None:
    """Give the item that a reviewer holds back at once, as if it had only been reserved for them, so that another
    queue can come first; the membership is locked. It comes to them again in its turn; a draft or a review that a page
    left open still sends makes it theirs from then on.

    Returns:
        Public id of the assignment given back; None where they hold nothing, or something is written on it.
    """
    held = session.execute(
        sa.select(Assignment.task_id, Task.partner_id, HAS_DRAFT.label("is_begun"))
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Assignment.project_id == project_id,
            Assignment.reviewer_id == reviewer_id,
            is_in(AssignmentState.LEASED),
        )
    ).one_or_none()
    if held is None or held.is_begun:
        return None
    task_id, partner_id, _ = held
    task, partner = lock_pair(session, project_id, task_id, partner_id)
    row = lock_assignment(session, project_id, task_id, reviewer_id)
    if row.state is not AssignmentState.LEASED:
        return None
    freed = Freed()
    freed.add(task, end_leases(session, task, [row], AssignmentState.EXPIRED))
    freed.add(partner, end_reservations(session, partner, [reviewer_id]))
    row.claimed_at = None
    release(session, freed)
    return row.public_id
