"""Have somebody's reviews count no more, and their slots filled by others.

A void is for good: the slots go to others at once, and nobody gets the same task twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.db import Database, locked, now
from evalhub.jobs.models import Job
from evalhub.jobs.service import enqueue
from evalhub.projects.models import Member, Project
from evalhub.review.models import Assignment, AssignmentState, Purpose, Review, Task
from evalhub.review.queries.voidable import Span, is_voidable
from evalhub.review.service.patterns import PatternWatch, level_counts
from evalhub.review.service.ratings import move_to_history
from evalhub.review.service.release import Freed, release
from evalhub.web.session import write

AT_ONCE = 50
"""Reviews a transaction, a third of a second: a month's work must not hold up anybody's submission."""
MANY = 200
"""More reviews than these are voided in the background."""
VOID_REVIEWS = "void-reviews"
"""The kind of the job."""
VOIDED_GOLD = "the review of it was voided"
Progress = Callable[[int, int], object]
"""Called with how many reviews are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Act:
    """Why reviews are voided, and by whom; `by_id` is None for the command line."""

    reason: str
    by_id: int | None


def void_later(session: Session, span: Span, act: Act) -> Job:
    """Have the same done in the background."""
    arguments = {
        "reviewer": span.reviewer_id,
        "since": span.since.isoformat() if span.since else None,
        "until": span.until.isoformat(),
        "assignment": span.assignment,
        "reason": act.reason,
    }
    return enqueue(session, VOID_REVIEWS, arguments, project_id=span.project_id, by_id=act.by_id)


def void_reviews(database: Database, span: Span, act: Act, *, progress: Progress | None = None) -> int:
    """Void what somebody submitted within a span, some dozen reviews a transaction; doing it again voids nothing.

    The ratings go into history and leave all figures, the slots return to the queue for others (an extra review takes
    one first), and cases in which nobody differs any more are set aside. Decisions stand, and so do certificates.

    Returns:
        How many reviews were voided.
    """
    with database.reading() as session:
        found = sa.select(Assignment.task_id).join(Task, Task.id == Assignment.task_id).where(*is_voidable(span))
        task_ids = session.scalars(found.order_by(Assignment.task_id)).all()
    voided = 0
    for start in range(0, len(task_ids), AT_ONCE):
        part = task_ids[start : start + AT_ONCE]
        voided += write(partial(_void_some, span=span, act=act, task_ids=part), on=database)
        if progress is not None:
            progress(start + len(part), len(task_ids))
    return voided


def _void_some(session: Session, *, span: Span, act: Act, task_ids: Sequence[int]) -> int:
    """Void those of the reviews that are still to be; how many were.

    The member is locked first, so that nothing of theirs is stored meanwhile.
    """
    project = session.get_one(Project, span.project_id)
    by_id, rows = _locked_work(session, span, task_ids)
    by = session.get(Account, act.by_id) if act.by_id is not None else None
    levels = {
        version: level_counts(session, version) for version in {task.rubric_version_id for task in by_id.values()}
    }
    freed = Freed()
    for row in rows:
        task = by_id[row.task_id]
        freed.add(task, _void(session, task, row, act, levels[task.rubric_version_id]))
        _record(session, project, row, by)
    if rows:
        changed = [row.task_id for row in rows]
        events.standing_changed.send(session, project_id=project.id, task_ids=changed)
        release(session, freed)
    return len(rows)


def _locked_work(session: Session, span: Span, task_ids: Sequence[int]) -> tuple[dict[int, Task], Sequence[Assignment]]:
    """The tasks by id, and the reviews of them that the span reaches, locked in order."""
    session.scalars(locked(sa.select(Member.account_id).where(_is_member(span)))).one_or_none()
    on_these = sa.select(Task).where(Task.project_id == span.project_id, Task.id.in_(task_ids)).order_by(Task.id)
    tasks = session.scalars(locked(on_these).execution_options(populate_existing=True)).all()
    reached = (
        sa.select(Assignment)
        .join(Task, Task.id == Assignment.task_id)
        .where(*is_voidable(span), Assignment.task_id.in_(task_ids))
        .order_by(Assignment.task_id)
    )
    rows = session.scalars(locked(reached).execution_options(populate_existing=True)).all()
    return {task.id: task for task in tasks}, rows


def _is_member(span: Span) -> sa.ColumnElement[bool]:
    return sa.and_(Member.project_id == span.project_id, Member.account_id == span.reviewer_id)


def _void(session: Session, task: Task, row: Assignment, act: Act, n_levels: Mapping[int, int]) -> int:
    """Void one review of a locked task; the bit of its slot, or 0 where it had none."""
    watch = PatternWatch(session, task, n_levels)
    move_to_history(session, row, revision=row.revision)
    bits = 0 if row.slot is None else 1 << row.slot
    row.state, row.slot = AssignmentState.VOIDED, None
    if task.purpose is Purpose.GOLD:  # its queue is of one person, who will not get it again
        task.held, task.held_reason, task.is_open = True, VOIDED_GOLD, False
    this = (Review.project_id == row.project_id, Review.task_id == row.task_id, Review.reviewer_id == row.reviewer_id)
    session.execute(
        sa.update(Review)
        .where(*this, Review.revision == row.revision)
        .values(voided_at=now(session), void_reason=act.reason)
    )
    session.flush()
    watch.record()
    return bits


def _record(session: Session, project: Project, row: Assignment, by: Account | None) -> None:
    record(
        session,
        action="review.voided",
        subject=("assignment", row.public_id),
        actor=by.public_id if by else "",
        at=now(session),
        chain=project.public_id,
        payload={"revision": row.revision},
    )
