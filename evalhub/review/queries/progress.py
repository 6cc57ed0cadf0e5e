"""How far a project is, and who is doing what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.projects.models import Member
from evalhub.projects.queries import shown_name
from evalhub.review.models import (
    LEARNING,
    Assignment,
    AssignmentState,
    Draft,
    Purpose,
    Queue,
    QueueReviewer,
    QueueState,
    Task,
)
from evalhub.review.queries.alike import TasksAlike, tasks_alike

DONE = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)
NO_WORK = (*LEARNING, Purpose.GOLD)
"""What reviewers are trained or checked with."""
LAST = 100
"""How many of somebody's last reviews a median rests on at most."""
MOST_MEDIANS = 400
"""Reviewers whose median is looked up; SQLite joins no more than 500 selects."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """Items of a project by how far they have come; each counts once, by its live task.

    The slots are those of regrades, too; those of items that are taken out are not among them.
    """

    imported: int
    waiting: int
    in_review: int
    """At least one review or lease, and slots still to fill."""
    scored: int
    """Every slot holds a review, or past ratings were imported."""
    held: int
    """Withdrawn, or skipped twice as unreadable or unsafe."""
    one_more: int
    """Those in review whose reviewers differ, so that one more was asked."""
    slots_done: int
    slots_needed: int
    regrades: int
    """Items that are asked again what another version of the rubric asks otherwise."""
    regraded: int
    """Those of them whose every slot of that holds a review."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one reviewer has done and holds."""

    name: str
    public_id: str
    submitted: int
    extra: int
    skipped: int
    leased_since: datetime | None
    leased_until: datetime | None
    last_submitted_at: datetime | None
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class Mine:
    """One reviewer's view of a project: nothing in it depends on others' answers."""

    done: int
    drafts: int
    leased: str | None
    """Public id of the assignment held now."""
    may_have_more: bool


def funnel(session: Session, project_id: int) -> Funnel:
    """Read from the tasks and the few leases alone: what holds no bit of `free_slots` and is no lease is a review."""
    alike = tasks_alike(session, project_id)
    live = [tasks for tasks in alike if tasks.purpose is Purpose.LIVE]
    regrades = [tasks for tasks in alike if tasks.purpose is Purpose.REGRADE and not tasks.held]
    imported, held = _n(live), _n(tasks for tasks in live if tasks.held)
    scored = _n(tasks for tasks in live if not tasks.held and tasks.is_complete)
    waiting = _n(tasks for tasks in live if not tasks.held and not tasks.taken)
    return Funnel(
        imported=imported,
        waiting=waiting,
        in_review=imported - held - scored - waiting,
        scored=scored,
        held=held,
        one_more=_n(tasks for tasks in live if not tasks.held and tasks.waits_for_one_more),
        slots_done=sum(tasks.n * (tasks.taken - tasks.in_work) for tasks in alike if not tasks.held),
        slots_needed=sum(tasks.n * tasks.slots for tasks in alike if not tasks.held),
        regrades=_n(regrades),
        regraded=_n(tasks for tasks in regrades if tasks.is_complete),
    )


def _n(alike: Iterable[TasksAlike]) -> int:
    return sum(tasks.n for tasks in alike)


def done_by_task(project_id: int) -> sa.Subquery:
    """Counts of slots that hold a review, by task; `imported` of past ratings, which may be in none."""
    is_imported = sa.case((Assignment.state == AssignmentState.IMPORTED, 1), else_=0)
    return (
        sa.select(
            Assignment.task_id,
            sa.func.count(Assignment.slot).label("n"),
            sa.func.sum(is_imported).label("imported"),
        )
        .where(Assignment.project_id == project_id, Assignment.state.in_(DONE))
        .group_by(Assignment.task_id)
        .subquery("done")
    )


def holds_every_review(done: sa.Subquery) -> sa.ColumnElement[bool]:
    """Of a `Task` beside `done_by_task`: it is complete, as `calibration.queries.is_complete` says it."""
    return sa.or_(done.c.n >= Task.slots, done.c.imported > 0)


def loads(session: Session, project_id: int) -> list[Load]:
    """The reviewers of a project, busiest first; what they are trained or checked with is left out."""
    work = _work_by_reviewer(project_id)
    rows = session.execute(
        sa.select(Account, Member, *(column for column in work.c if column.name != "reviewer_id"))
        .join(Member, Member.account_id == Account.id)
        .outerjoin(work, work.c.reviewer_id == Member.account_id)
        .where(Member.project_id == project_id, Member.is_reviewer)
    ).all()
    medians = _median_seconds(session, project_id, [row[0].id for row in rows])
    found = [
        Load(
            name=shown_name(account.display_name, member, account.kind),
            public_id=account.public_id,
            submitted=int(done or 0),
            extra=int(extra or 0),
            skipped=int(skipped or 0),
            leased_since=since,
            leased_until=until,
            last_submitted_at=last,
            median_seconds=medians.get(account.id),
        )
        for account, member, done, extra, skipped, since, until, last in rows
    ]
    return sorted(found, key=lambda load: (-load.submitted, load.name))


def _work_by_reviewer(project_id: int) -> sa.Subquery:
    """One row a reviewer; counted before people are joined, or each review would carry its reviewer's whole row."""
    state = Assignment.state

    def how_many(*states: AssignmentState) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((state.in_(states), 1), else_=0))

    return (
        sa.select(
            Assignment.reviewer_id,
            how_many(*DONE).label("done"),
            how_many(AssignmentState.EXTRA).label("extra"),
            how_many(AssignmentState.SKIPPED).label("skipped"),
            sa.func.max(sa.case((state == AssignmentState.LEASED, Assignment.claimed_at))).label("since"),
            sa.func.max(Assignment.leased_until).label("until"),
            sa.func.max(Assignment.submitted_at).label("last"),
        )
        .where(assignments_of(project_id), Assignment.task_id.not_in(tasks_for(project_id, *NO_WORK)))
        .group_by(Assignment.reviewer_id)
        .subquery("work")
    )


def _median_seconds(session: Session, project_id: int, reviewer_ids: Sequence[int]) -> dict[int, float]:
    """Of the last reviews of each, at most `LAST`; one statement."""
    if not reviewer_ids:
        return {}
    learning = tasks_for(project_id, *NO_WORK).cte("learning")
    last = [
        sa.select(
            sa.select(Assignment.reviewer_id, Assignment.active_seconds)
            .where(
                Assignment.project_id == project_id,
                Assignment.reviewer_id == reviewer_id,
                Assignment.submitted_at.is_not(None),
                Assignment.state == AssignmentState.SUBMITTED,
                Assignment.task_id.not_in(sa.select(learning.c.id)),
            )
            .order_by(Assignment.submitted_at.desc())
            .limit(LAST)
            .subquery()
        )
        for reviewer_id in reviewer_ids[:MOST_MEDIANS]
    ]
    by_reviewer: dict[int, list[float]] = {}
    for reviewer_id, seconds in session.execute(sa.union_all(*last)):
        by_reviewer.setdefault(reviewer_id, []).append(seconds)
    return {reviewer_id: sorted(values)[len(values) // 2] for reviewer_id, values in by_reviewer.items()}


def assignments_of(project_id: int) -> sa.ColumnElement[bool]:
    """All of a project, read in the order of their tasks: by reviewer SQLite would look each one up for itself."""
    return sa.and_(Assignment.project_id == project_id, Assignment.task_id > 0)


def tasks_for(project_id: int, *purposes: Purpose) -> sa.Select[int]:
    """The ids of a project's tasks for these purposes: of few, they are read once instead of a task a review."""
    return sa.select(Task.id).where(Task.project_id == project_id, Task.purpose.in_(purposes))


def _is_of(*purposes: Purpose) -> sa.ColumnElement[bool]:
    """Of an `Assignment` in the statement: its task has one of these purposes."""
    return sa.exists().where(
        Task.project_id == Assignment.project_id, Task.id == Assignment.task_id, Task.purpose.in_(purposes)
    )


def my_progress(session: Session, project_id: int, reviewer_id: int) -> Mine:
    """What one reviewer has done of the project's work; gold hides in it, practice is none of it."""
    mine = sa.and_(Assignment.project_id == project_id, Assignment.reviewer_id == reviewer_id)
    done = session.scalar(
        sa.select(sa.func.count()).where(
            mine, Assignment.state.in_([AssignmentState.SUBMITTED, AssignmentState.EXTRA]), ~_is_of(*LEARNING)
        )
    )
    drafts = session.scalar(
        sa.select(sa.func.count()).where(Draft.project_id == project_id, Draft.reviewer_id == reviewer_id)
    )
    leased = session.scalar(sa.select(Assignment.public_id).where(mine, Assignment.state == AssignmentState.LEASED))
    more = session.scalar(
        sa.select(sa.func.count())
        .select_from(Queue)
        .join(QueueReviewer, QueueReviewer.queue_id == Queue.id)
        .where(
            QueueReviewer.project_id == project_id,
            QueueReviewer.reviewer_id == reviewer_id,
            Queue.state == QueueState.OPEN,
            QueueReviewer.cursor_ord < Queue.last_ord,
        )
    )
    return Mine(done or 0, drafts or 0, leased, bool(more))
