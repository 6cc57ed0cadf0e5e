"""Pass an item on, and end the leases of those who leave."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.audit.service import record
from evalhub.db import Database, now
from evalhub.errors import Conflict
from evalhub.review.models import (
    IN_WORK,
    SKIPPED_TWICE,
    Assignment,
    AssignmentState,
    QueueReviewer,
    SkipReason,
    Task,
)
from evalhub.review.queries.assignments import desk_of, lock_assignment, lock_task
from evalhub.review.schema import Claimed, Lease, OnlyLocked
from evalhub.review.service.claim import claim_after, claim_next, lock_member
from evalhub.review.service.holding import hold_task
from evalhub.review.service.pairs import end_reservations, lock_pair
from evalhub.review.service.release import Freed, end_leases, release
from evalhub.web.session import write

DEFECTS = (SkipReason.UNREADABLE, SkipReason.UNSAFE)
DEFECTS_THAT_HOLD = 2


def skip_item(
    database: Database, *, assignment: str, reviewer_id: int, reviewer: str, lease: str, reason: SkipReason, note: str
) -> Lease | None:
    """Give an item back for good, with a reason, and claim the next.

    Raises:
        Conflict: the lease has ended (`lease`).
        Forbidden: the reviewer has left the project.
    """
    with database.reading() as session:
        project_id = desk_of(session, assignment, reviewer_id).project.id
    following = write(
        partial(
            _skip,
            assignment=assignment,
            reviewer_id=reviewer_id,
            reviewer=reviewer,
            lease=lease,
            reason=reason,
            note=note,
        ),
        on=database,
    )
    if isinstance(following, OnlyLocked):
        return claim_next(database, project_id=project_id, reviewer_id=reviewer_id)
    return following if isinstance(following, Lease) else None


def _skip(
    session: Session, *, assignment: str, reviewer_id: int, reviewer: str, lease: str, reason: SkipReason, note: str
) -> Claimed:
    desk = desk_of(session, assignment, reviewer_id)
    who = lock_member(session, desk.project.id, reviewer_id)
    task, partner = lock_pair(session, desk.project.id, desk.task.id, desk.task.partner_id)
    row = lock_assignment(session, task.project_id, task.id, reviewer_id)
    if row.lease != lease or row.state not in (AssignmentState.LEASED, AssignmentState.EXPIRED):
        raise Conflict("Your hold on this item has ended; there is nothing to skip.", code="lease")
    moment = now(session)
    row.skip_reason, row.skip_note = reason, note
    freed = Freed()
    if row.state is AssignmentState.LEASED:
        freed.add(task, end_leases(session, task, [row], AssignmentState.SKIPPED))
        freed.add(partner, end_reservations(session, partner, [reviewer_id]))
    else:
        row.state = AssignmentState.SKIPPED
        session.flush()
    following = claim_after(session, task, who, moment)
    _hold_when_defective(session, task, partner, freed)
    release(session, freed)
    record(
        session,
        action="item.skipped",
        subject=("assignment", row.public_id),
        actor=reviewer,
        at=moment,
        chain=desk.project.public_id,
        payload={"reason": reason, "held": task.held},
    )
    events.item_skipped.send(session, project_id=task.project_id, task_id=task.id)
    return following


def _hold_when_defective(session: Session, task: Task, partner: Task | None, freed: Freed) -> None:
    """Take the task out of the queue at the second skip as unreadable or unsafe, and end who is or would be at it."""
    skips = session.scalar(
        sa.select(sa.func.count()).where(
            Assignment.project_id == task.project_id,
            Assignment.task_id == task.id,
            Assignment.state == AssignmentState.SKIPPED,
            Assignment.skip_reason.in_(DEFECTS),
        )
    )
    if task.held or (skips or 0) < DEFECTS_THAT_HOLD:
        return
    hold_task(session, task, partner, freed, reason=SKIPPED_TWICE)


def end_work_of(session: Session, project_id: int, account_id: int) -> None:
    """End the lease and the eligibility of somebody who left (handler of `member_removed`); their work stays."""
    held = session.scalars(
        sa.select(Assignment.task_id).where(
            Assignment.project_id == project_id,
            Assignment.reviewer_id == account_id,
            Assignment.state.in_(IN_WORK),
        )
    ).all()
    freed = Freed()
    for task_id in sorted(held):
        task = lock_task(session, project_id, task_id)
        row = lock_assignment(session, project_id, task_id, account_id)
        freed.add(task, end_leases(session, task, [row], AssignmentState.EXPIRED))
    release(session, freed)
    session.execute(
        sa.delete(QueueReviewer).where(QueueReviewer.project_id == project_id, QueueReviewer.reviewer_id == account_id)
    )
