"""Lease the next task to a reviewer: exact overlap, no task twice, O(log n), several servers.

docs/development.md explains why each step stands where it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import Database, locked, now
from evalhub.errors import Forbidden
from evalhub.projects.models import Member, MemberState, Project
from evalhub.review.models import LEARNING, Assignment, AssignmentState, Queue, QueueReviewer, QueueState, Task, is_in
from evalhub.review.schema import Claimed, Lease, NothingLeft, OnlyLocked
from evalhub.review.service.lease import Claimant
from evalhub.review.service.pairs import lock_partner_at_once, take_left_first, take_with_partner
from evalhub.review.service.sweep import sweep_leases
from evalhub.web.session import write

WAITS = 5
"""How often a claim waits for a task that others are claiming, before it reports that nothing is left."""
SWEPT_BY_A_CLAIM = 20


def claim_next(database: Database, *, project_id: int, reviewer_id: int) -> Lease | None:
    """The reviewer's lease: the one already held, or a new one; None when nothing is left for them.

    Raises:
        Forbidden: the account is no active reviewer of the project.
    """
    wait_for: int | None = None
    for _ in range(WAITS):
        claimed = write(partial(claim, project_id=project_id, reviewer_id=reviewer_id, wait_for=wait_for), on=database)
        if isinstance(claimed, Lease):
            return claimed
        wait_for = claimed.task_id if isinstance(claimed, OnlyLocked) else None
        if wait_for is None and not write(
            partial(sweep_leases, project_id=project_id, limit=SWEPT_BY_A_CLAIM), on=database
        ):
            return None
    return None


PROJECT: sa.BindParameter[int] = sa.bindparam("project")
REVIEWER: sa.BindParameter[int] = sa.bindparam("reviewer")
QUEUE: sa.BindParameter[int] = sa.bindparam("queue")
OPEN_QUEUES = (
    sa.select(Queue.id, QueueReviewer.cursor_ord)
    .join(QueueReviewer, sa.and_(QueueReviewer.project_id == Queue.project_id, QueueReviewer.queue_id == Queue.id))
    .where(
        Queue.project_id == PROJECT,
        QueueReviewer.reviewer_id == REVIEWER,
        Queue.state == QueueState.OPEN,
        QueueReviewer.cursor_ord < Queue.last_ord,
    )
    .order_by(Queue.priority.desc(), Queue.id)
)
"""The queues that may still hold something for a reviewer. Built once, like the two below: a claim is made at each
submission, and building a statement costs more than running it."""
OPEN_NOT_MINE = sa.and_(
    Task.project_id == PROJECT,
    Task.queue_id == QUEUE,
    Task.is_open,
    ~sa.exists().where(
        Assignment.project_id == Task.project_id,
        Assignment.task_id == Task.id,
        Assignment.reviewer_id == REVIEWER,
        Assignment.state != AssignmentState.EXPIRED,
    ),
)
"""Open tasks of a queue that I have not had; a lapsed lease is no reason to be passed over."""
_mark = (
    sa.select(Task.ord, Task.id)
    .where(OPEN_NOT_MINE, Task.ord > sa.bindparam("cursor"))
    .order_by(Task.ord)
    .limit(1)
    .subquery()
)
LOW_WATER_MARK = (
    sa.select(_mark.c.ord, _mark.c.id, Queue.last_ord)
    .select_from(Queue)
    .outerjoin(_mark, sa.true())
    .where(Queue.project_id == PROJECT, Queue.id == QUEUE)
)
"""The first open task above the cursor that is not mine (ord and id), and the queue's last ord, at one time."""
FIRST_FROM_MARK = locked(
    sa.select(Task).where(OPEN_NOT_MINE, Task.ord >= sa.bindparam("mark")).order_by(Task.ord).limit(1), skip=True
).execution_options(populate_existing=True)


def claim(session: Session, *, project_id: int, reviewer_id: int, wait_for: int | None = None) -> Claimed:
    """One try, in the caller's transaction.

    Args:
        wait_for: a task to wait for (at most 5 s) before looking, because it alone was left and locked.
    """
    who = lock_member(session, project_id, reviewer_id)
    if wait_for is not None:
        _wait_for_task(session, project_id, wait_for)
    moment = now(session)
    return _renewed(session, who, moment) or _leased_again(session, who, moment) or _from_queues(session, who, moment)


def claim_or_keep(session: Session, who: Claimant, moment: datetime) -> Claimed:
    """The claim inside a submission or a skip: the lease that I hold beside it, else a new one from the queues."""
    return _renewed(session, who, moment) or _from_queues(session, who, moment)


def claim_after(session: Session, task: Task, who: Claimant, moment: datetime) -> Claimed:
    """What follows on a task just done: after the last one of a practice or qualification nothing, for its reviewer
    then looks at how it went."""
    if task.purpose not in LEARNING:
        return claim_or_keep(session, who, moment)
    held = _renewed(session, who, moment)
    place = {"project": who.project_id, "reviewer": who.reviewer_id, "queue": task.queue_id, "cursor": 0}
    if held is None and session.execute(LOW_WATER_MARK, place).one().id is None:
        return NothingLeft()
    return held or _from_queues(session, who, moment)


def lock_member(session: Session, project_id: int, reviewer_id: int) -> Claimant:
    """Lock the reviewer's membership in a statement of its own, so that later ones see all that came before.

    Raises:
        Forbidden: the account is no active reviewer of the project.
    """
    row = session.execute(
        sa.select(Project.public_id, Account.public_id, Project.lease_minutes, Project.seed)
        .select_from(Member)
        .join(Project, Project.id == Member.project_id)
        .join(Account, Account.id == Member.account_id)
        .where(
            Member.project_id == project_id,
            Member.account_id == reviewer_id,
            Member.state == MemberState.ACTIVE,
            Member.is_reviewer,
        )
        .with_for_update(key_share=True, of=Member)
    ).one_or_none()
    if row is None:
        raise Forbidden("You are not a reviewer of this project any more; what you wrote is kept as a draft.")
    project, reviewer, minutes, seed = row
    return Claimant(project_id, reviewer_id, project, reviewer, timedelta(minutes=minutes), seed)


def _from_queues(session: Session, who: Claimant, moment: datetime) -> Claimed:
    """A new lease from the open queues, by priority; the member is locked and holds no lease."""
    project_id, reviewer_id = who.project_id, who.reviewer_id
    only_locked: int | None = None
    for queue_id, cursor in session.execute(OPEN_QUEUES, {"project": project_id, "reviewer": reviewer_id}).all():
        place = {"project": project_id, "reviewer": reviewer_id, "queue": queue_id}
        mark, mark_task, last_ord = session.execute(LOW_WATER_MARK, {**place, "cursor": cursor}).one()
        if mark is None:
            _move_cursor(session, project_id, queue_id, reviewer_id, last_ord)
            continue
        found = _first_from(session, place, mark)
        if found is None:
            only_locked = only_locked if only_locked is not None else mark_task
            continue
        lease = take_left_first(session, *found, who, moment)
        _move_cursor(session, project_id, queue_id, reviewer_id, mark - 1)
        return lease
    return NothingLeft() if only_locked is None else OnlyLocked(only_locked)


def _first_from(session: Session, place: Mapping[str, int], mark: int) -> tuple[Task, Task | None] | None:
    """The first open task from the mark that nobody else is at, nor at its partner; both are locked."""
    while (task := session.scalars(FIRST_FROM_MARK, {**place, "mark": mark}).one_or_none()) is not None:
        partner = lock_partner_at_once(session, task)
        if partner is not None or task.partner_id is None:
            return task, partner
        mark = task.ord + 1
    return None


def _renewed(session: Session, who: Claimant, moment: datetime) -> Lease | None:
    """The lease I hold, lapsed or not, with the same token: a second tab changes nothing."""
    until = moment + who.lease_length
    row = session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id == who.project_id,
            Assignment.reviewer_id == who.reviewer_id,
            is_in(AssignmentState.LEASED),
        )
        .values(leased_until=until)
        .returning(Assignment.task_id, Assignment.public_id, Assignment.lease)
    ).one_or_none()
    if row is None:
        return None
    return Lease(who.project_id, row.task_id, who.reviewer_id, row.public_id, row.lease or "", until, is_new=False)


def _leased_again(session: Session, who: Claimant, moment: datetime) -> Lease | OnlyLocked | None:
    """A task whose lease I let lapse and that is still open: my draft of it is there. What was only reserved for me
    has none."""
    task = session.scalar(
        sa.select(Task)
        .join(Assignment, sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id))
        .join(Queue, sa.and_(Queue.project_id == Task.project_id, Queue.id == Task.queue_id))
        .join(
            QueueReviewer,
            sa.and_(
                QueueReviewer.project_id == Task.project_id,
                QueueReviewer.queue_id == Task.queue_id,
                QueueReviewer.reviewer_id == who.reviewer_id,
            ),
        )
        .where(
            Assignment.project_id == who.project_id,
            Assignment.reviewer_id == who.reviewer_id,
            is_in(AssignmentState.EXPIRED),
            Assignment.claimed_at.is_not(None),
            Task.is_open,
            Queue.state == QueueState.OPEN,
        )
        .order_by(Assignment.claimed_at, Task.id)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True, of=Task)
        .execution_options(populate_existing=True)
    )
    if task is None:
        return None
    partner = lock_partner_at_once(session, task)
    if partner is None and task.partner_id is not None:
        return OnlyLocked(task.id)
    return take_with_partner(session, task, partner, who, moment)


def _move_cursor(session: Session, project_id: int, queue_id: int, reviewer_id: int, to: int) -> None:
    session.execute(
        sa.update(QueueReviewer)
        .where(
            QueueReviewer.project_id == project_id,
            QueueReviewer.queue_id == queue_id,
            QueueReviewer.reviewer_id == reviewer_id,
            QueueReviewer.cursor_ord < to,
        )
        .values(cursor_ord=to)
    )


def _wait_for_task(session: Session, project_id: int, task_id: int) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
    session.execute(locked(sa.select(Task.id).where(Task.project_id == project_id, Task.id == task_id)))
