"""Hand both answers of a pair to the same reviewer, one after the other, and keep which they prefer.

Whoever claims one task of a pair gets a slot of the other in the same transaction, reserved until they submit the
first. Whatever ends the lease ends the reservation. Where the other has no slot for them, they grade one alone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import locked
from evalhub.errors import BadInput, Fault
from evalhub.review.models import Assignment, AssignmentState, Preference, Task
from evalhub.review.queries.assignments import lock_assignment, lock_task
from evalhub.review.queries.pairs import GRADED, current_preference, state_of
from evalhub.review.schema import LEANINGS, Lease, left_of
from evalhub.review.service.lease import Claimant, begin, reserve, take
from evalhub.review.service.release import end_leases
from evalhub.rubrics.schema.review import PreferenceBody


def lock_pair(session: Session, project_id: int, task_id: int, partner_id: int | None) -> tuple[Task, Task | None]:
    """Lock a task and its partner, if it has one, in order of id."""
    if partner_id is None:
        return lock_task(session, project_id, task_id), None
    both = sa.select(Task).where(Task.project_id == project_id, Task.id.in_((task_id, partner_id))).order_by(Task.id)
    found = session.scalars(locked(both).execution_options(populate_existing=True)).all()
    by_id = {task.id: task for task in found}
    return by_id[task_id], by_id[partner_id]


def lock_partner_at_once(session: Session, task: Task) -> Task | None:
    """Lock the partner of a locked task without waiting; None where there is none, or somebody is at it just now."""
    if task.partner_id is None:
        return None
    partner = sa.select(Task).where(Task.project_id == task.project_id, Task.id == task.partner_id)
    return session.scalar(locked(partner, skip=True).execution_options(populate_existing=True))


def take_left_first(session: Session, task: Task, partner: Task | None, who: Claimant, moment: datetime) -> Lease:
    """Lease the locked task, or of a pair that waits for the reviewer the one on the left, and reserve the other."""
    if partner is None or not _is_free_for(session, partner, task, who):
        return take(session, task, who, moment)
    if left_of((task.id, partner.id), seed=who.seed, reviewer=who.reviewer) == partner.id:
        task, partner = partner, task
    return _take_both(session, task, partner, who, moment)


def take_with_partner(session: Session, task: Task, partner: Task | None, who: Claimant, moment: datetime) -> Lease:
    """Lease the locked task, whichever side it is, and reserve the other where that waits for the reviewer."""
    if partner is None or not _is_free_for(session, partner, task, who):
        return take(session, task, who, moment)
    return _take_both(session, task, partner, who, moment)


def _take_both(session: Session, task: Task, partner: Task, who: Claimant, moment: datetime) -> Lease:
    lease = take(session, task, who, moment)
    reserve(session, partner, who)
    return lease


def _is_free_for(session: Session, partner: Task, task: Task, who: Claimant) -> bool:
    """Whether the locked partner waits in the same queue, and the reviewer has not had it."""
    waits = partner.is_open and partner.queue_id == task.queue_id
    return waits and state_of(session, partner, who.reviewer_id) in (None, AssignmentState.EXPIRED)


def go_on_with_partner(session: Session, partner: Task | None, who: Claimant, moment: datetime) -> Lease | None:
    """Lease what was reserved of the locked partner, now that its first answer is submitted."""
    if partner is None or state_of(session, partner, who.reviewer_id) is not AssignmentState.PAIRED:
        return None
    reserved = lock_assignment(session, partner.project_id, partner.id, who.reviewer_id)
    return begin(session, partner, reserved, who, moment)


def end_reservations(session: Session, partner: Task | None, reviewer_ids: Collection[int]) -> int:
    """Take back what is reserved of a locked task for those whose hold on the other has ended.

    Returns:
        The freed bits, for `release`.
    """
    if partner is None or not reviewer_ids:
        return 0
    reserved = sa.select(Assignment).where(
        Assignment.project_id == partner.project_id,
        Assignment.task_id == partner.id,
        Assignment.reviewer_id.in_(reviewer_ids),
        Assignment.state == AssignmentState.PAIRED,
    )
    rows = session.scalars(
        locked(reserved.order_by(Assignment.reviewer_id)).execution_options(populate_existing=True)
    ).all()
    return end_leases(session, partner, list(rows), AssignmentState.EXPIRED) if rows else 0


def keep_preference(
    session: Session, task: Task, partner: Task | None, who: Claimant, *, given: PreferenceBody | None, at: datetime
) -> None:
    """Store what the reviewer prefers, once both reviews stand; the same again is no new revision.

    Raises:
        BadInput: it is missing, or nobody asked for it.
    """
    is_asked = partner is not None and state_of(session, partner, who.reviewer_id) in GRADED
    if given is None and not is_asked:
        return
    if partner is None or not is_asked:
        _refuse("is not asked for: this review completes no pair; leave it out")
    elif given is None:
        choices = ", ".join(LEANINGS)
        _refuse(f"is missing; say which of the two answers is better: give a choice of {choices}")
    else:
        _store(session, (task, partner), who, given, at)


def _refuse(why: str) -> None:
    raise BadInput("The review is not complete.", faults=[Fault("schema", why, "preference")])


def _store(session: Session, pair: tuple[Task, Task], who: Claimant, given: PreferenceBody, at: datetime) -> None:
    first, second = sorted(task.id for task in pair)
    left = left_of((first, second), seed=who.seed, reviewer=who.reviewer)
    leaning = LEANINGS[given.choice]
    right = first + second - left
    preferred = None if leaning == 0 else (left if leaning < 0 else right)
    said = {"preferred_task_id": preferred, "strength": abs(leaning), "reason": given.reason}
    before = current_preference(session, pair[0], who.reviewer_id)
    if before is not None and all(getattr(before, name) == value for name, value in said.items()):
        return
    session.add(
        Preference(
            project_id=who.project_id,
            first_task_id=first,
            second_task_id=second,
            reviewer_id=who.reviewer_id,
            revision=before.revision + 1 if before else 1,
            left_task_id=left,
            submitted_at=at,
            **said,
        )
    )
    session.flush()
