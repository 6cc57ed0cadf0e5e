"""Take a case: from then on one can never claim its task, and may see what its reviewers said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account, InstanceRole
from evalhub.adjudication.models import Case
from evalhub.adjudication.queries.cases import CasePlace, asks_for_revision, case_of, graded_item
from evalhub.adjudication.queries.nobody import exception_of
from evalhub.audit.service import record
from evalhub.db import locked, new_public_id, now
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Member, Project
from evalhub.review.models import (
    COUNTED_PURPOSES,
    IN_WORK,
    Assignment,
    AssignmentState,
    QueueReviewer,
    SkipReason,
    Task,
)
from evalhub.review.queries.assignments import lock_assignment, lock_task
from evalhub.review.service.revise import shown_others


def take_case(session: Session, case_public_id: str, *, by: Account, at: datetime) -> Case:
    """Exclude the account from the case's task, and put its name on the case.

    Nothing of the case may be shown before this is committed.

    Raises:
        NotFound: no such case, or the account graded the item.
        Conflict: the account holds the item right now, or skipped it for a conflict of interest.
    """
    place = case_of(session, case_public_id)
    lock_own_member(session, place.project_id, by.id)
    exclude(session, place.project_id, place.task_id, by.id)
    case = lock_case(session, place.project_id, place.task_id)
    if case.taken_by_id != by.id:
        case.taken_by_id = by.id
        case.taken_at = at
        session.flush()
        record(
            session,
            action="case.taken",
            subject=("case", case.public_id),
            actor=by.public_id,
            at=at,
            chain=session.get_one(Project, case.project_id).public_id,
        )
    return case


def lock_own_member(session: Session, project_id: int, account_id: int) -> None:
    """A claim locks the same row first, so that nobody claims and takes at once. Admins need no membership."""
    session.scalar(
        locked(sa.select(Member.account_id).where(Member.project_id == project_id, Member.account_id == account_id))
    )


def lock_case(session: Session, project_id: int, task_id: int) -> Case:
    statement = locked(sa.select(Case).where(Case.project_id == project_id, Case.task_id == task_id))
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def admit(session: Session, place: CasePlace, account_id: int) -> str | None:
    """Lock the task and exclude the account from it, unless a recorded exception lets it in; the member is locked.

    Returns:
        What was recorded with the exception.

    Raises:
        NotFound, Conflict: see `exclude`.
    """
    exception = exception_of(session, place, account_id)
    if exception is None:
        exclude(session, place.project_id, place.task_id, account_id)
        return None
    lock_task(session, place.project_id, place.task_id)
    return exception.reason


def exclude(session: Session, project_id: int, task_id: int, account_id: int) -> None:
    """Give the account the task's one row of theirs, as `excluded`; the member row is locked.

    The task row is locked too: an expired lease may be turned into a late submission just then.

    Open tasks that ask for the item again, in this revision or a later one, are not theirs either any more.

    Raises:
        NotFound: the account graded the item, in this task or another.
        Conflict: the account holds the item right now, or skipped it for a conflict of interest.
    """
    this = (Task.project_id == project_id, Task.id == task_id)
    session.scalars(locked(sa.select(Task.id).where(*this))).one()
    if graded_item(session, project_id, task_id, account_id):
        raise NotFound
    row = session.scalar(
        sa.select(Assignment)
        .where(
            Assignment.project_id == project_id,
            Assignment.task_id == task_id,
            Assignment.reviewer_id == account_id,
        )
        .execution_options(populate_existing=True)
    )
    if row is None:
        _insert(session, project_id, task_id, account_id)
    elif row.state in IN_WORK:
        raise _holds_it()
    elif row.skip_reason is SkipReason.CONFLICT_OF_INTEREST:
        raise Conflict("You skipped this item for a conflict of interest; leave it to another.", code="conflict")
    elif row.state is AssignmentState.EXPIRED:
        row.state, row.others_shown_at = AssignmentState.EXCLUDED, now(session)
        session.flush()
    for other in _asked_again(session, project_id, task_id):
        _insert(session, project_id, other, account_id)


def _asked_again(session: Session, project_id: int, task_id: int) -> Sequence[int]:
    """Other open tasks that ask for the task's item, or for what took its place."""
    other = aliased(Task)
    again = sa.exists(Task.id).where(Task.project_id == project_id, Task.id == task_id, asks_for_revision(other))
    return session.scalars(
        sa.select(other.id)
        .where(
            other.project_id == project_id,
            other.id != task_id,
            other.is_open,
            other.purpose.in_(COUNTED_PURPOSES),
            again.correlate(other),
        )
        .order_by(other.id)
    ).all()


def exclude_unless_graded(session: Session, place: CasePlace, account_id: int) -> None:
    """As `exclude`, but those who graded the item only lose the right to change their review; the task is locked.

    Raises:
        Conflict: the account holds the item right now, or skipped it for a conflict of interest.
    """
    if not graded_item(session, place.project_id, place.task_id, account_id):
        exclude(session, place.project_id, place.task_id, account_id)
        return
    _insert(session, place.project_id, place.task_id, account_id)
    row = lock_assignment(session, place.project_id, place.task_id, account_id)
    if row.state in IN_WORK:
        raise _holds_it()
    if row.state is AssignmentState.EXPIRED:
        row.state = AssignmentState.EXCLUDED
        session.flush()
    shown_others(session, row)


def exclude_onlookers(session: Session, project_id: int, task_id: int) -> None:
    """Exclude from the locked task whoever could claim it and may have seen in the queue how its answers lie."""
    found = session.execute(
        sa.select(QueueReviewer.reviewer_id, Assignment)
        .join(Task, sa.and_(Task.project_id == QueueReviewer.project_id, Task.queue_id == QueueReviewer.queue_id))
        .join(
            Member,
            sa.and_(Member.project_id == QueueReviewer.project_id, Member.account_id == QueueReviewer.reviewer_id),
        )
        .join(Account, Account.id == QueueReviewer.reviewer_id)
        .outerjoin(
            Assignment,
            sa.and_(
                Assignment.project_id == Task.project_id,
                Assignment.task_id == Task.id,
                Assignment.reviewer_id == QueueReviewer.reviewer_id,
            ),
        )
        .where(
            Task.project_id == project_id,
            Task.id == task_id,
            sa.or_(Member.is_adjudicator, Member.is_manager, Account.role == InstanceRole.ADMIN),
        )
        .execution_options(populate_existing=True)
    ).all()
    for reviewer_id, row in found:
        if row is None:
            _insert(session, project_id, task_id, reviewer_id)
        elif row.state is AssignmentState.EXPIRED:
            row.state, row.others_shown_at = AssignmentState.EXCLUDED, now(session)
    session.flush()


def _holds_it() -> Conflict:
    return Conflict("You hold this very item for review; submit or skip it first.", code="lease")


def _insert(session: Session, project_id: int, task_id: int, account_id: int) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(Assignment)
        .values(
            project_id=project_id,
            task_id=task_id,
            reviewer_id=account_id,
            public_id=new_public_id(),
            state=AssignmentState.EXCLUDED,
            others_shown_at=now(session),
            revision=0,
            active_seconds=0.0,
        )
        .on_conflict_do_nothing(index_elements=["project_id", "task_id", "reviewer_id"])
    )
