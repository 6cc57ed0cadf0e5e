"""Items that one reviewer grades, and what it would mean to have more of them graded by two."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.db import canonical_json
from evalhub.projects.models import Member, Project
from evalhub.projects.queries import shown_name
from evalhub.projects.schema import Candidate
from evalhub.review.models import (
    COUNTED_PURPOSES,
    Assignment,
    AssignmentState,
    Purpose,
    Queue,
    QueueReviewer,
    QueueState,
    Task,
)

PACE_OF = 2000
"""How many reviews the median pace is taken from, those of the last tasks."""
IN_A_SLOT = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)


@dataclass(frozen=True, slots=True)
class MoreItems:
    """What there is to be graded by two: items `graded` by one reviewer, and those `waiting` for theirs.

    `reviewers` names who may be given them; `median_seconds` is their pace, None before the first review.
    """

    graded: int
    waiting: int
    reviewers: tuple[str, ...]
    median_seconds: float | None

    @property
    def most(self) -> int:
        return self.graded + self.waiting

    def hours(self, n: int) -> float | None:
        """What n further reviews take at the median pace."""
        return None if self.median_seconds is None else n * self.median_seconds / 3600


def more_items(session: Session, project: Project) -> MoreItems:
    """What could be handed out to a second reviewer."""
    n_graded = sa.func.sum(sa.case((_is_graded(), 1), else_=0))
    n, graded = session.execute(_once(project).with_only_columns(sa.func.count(), n_graded)).one()
    graded = graded or 0
    return MoreItems(graded, n - graded, _reviewers(session, project.id), median_pace(session, project.id))


def graded_and_waiting(session: Session, project: Project) -> tuple[list[Candidate], list[Candidate]]:
    """The same as candidates of a draw, by task id instead of item id: those graded by one, and those still waiting.

    The strata are models and tags.
    """
    rows = session.execute(
        _once(project).with_only_columns(Task.id, Item.external_id, Item.group_key, Item.model, Item.tags, _is_graded())
    )
    found: tuple[list[Candidate], list[Candidate]] = ([], [])
    for task_id, external_id, group, model, tags, is_graded in rows:
        found[0 if is_graded else 1].append(Candidate(task_id, external_id, group, stratum_of(model, tags)))
    return found


def stratum_of(model: str | None, tags: Sequence[str]) -> str:
    return f"{model or ''}\0{canonical_json(tags)}"


def _once(project: Project) -> sa.Select[*tuple[Any, ...]]:
    """The tasks with one planned reviewer, nothing settled, in an open queue, that two people can come to."""
    in_queue = (
        sa.select(QueueReviewer.queue_id, sa.func.count().label("n"))
        .where(QueueReviewer.project_id == project.id)
        .group_by(QueueReviewer.queue_id)
        .subquery()
    )
    is_taken = sa.case((Task.free_slots == 0, 1), else_=0)
    return (
        sa.select(Task.id)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Queue, Queue.id == Task.queue_id)
        .join(in_queue, in_queue.c.queue_id == Task.queue_id)
        .where(
            Task.project_id == project.id,
            Task.purpose == Purpose.LIVE,
            Task.rubric_version_id == project.rubric_version_id,
            Task.need == 1,
            Task.slots == 1,
            ~Task.held,
            Task.settled_at.is_(None),
            Item.withdrawn_at.is_(None),
            Queue.state == QueueState.OPEN,
            in_queue.c.n - _have_had() + is_taken >= 2,
        )
    )


def _have_had() -> sa.ScalarSelect[int]:
    """How many of those who may claim a `Task` have had it for good."""
    return (
        sa.select(sa.func.count())
        .select_from(Assignment)
        .join(
            QueueReviewer,
            sa.and_(
                QueueReviewer.project_id == Assignment.project_id,
                QueueReviewer.reviewer_id == Assignment.reviewer_id,
            ),
        )
        .where(
            Assignment.project_id == Task.project_id,
            Assignment.task_id == Task.id,
            Assignment.state != AssignmentState.EXPIRED,
            QueueReviewer.queue_id == Task.queue_id,
        )
        .correlate(Task)
        .scalar_subquery()
    )


def _is_graded() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Assignment.project_id == Task.project_id, Assignment.task_id == Task.id, Assignment.state.in_(IN_A_SLOT)
    )


def _reviewers(session: Session, project_id: int) -> tuple[str, ...]:
    """Who may claim from an open queue that is no panel's."""
    rows = session.execute(
        sa.select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(
            Member.project_id == project_id,
            sa.exists()
            .where(
                QueueReviewer.project_id == project_id,
                QueueReviewer.reviewer_id == Account.id,
                Queue.id == QueueReviewer.queue_id,
                Queue.state == QueueState.OPEN,
                Queue.panel.is_(None),
            )
            .correlate(Account),
        )
        .order_by(Account.display_name, Account.id)
    )
    return tuple(shown_name(account.display_name, member, account.kind) for account, member in rows)


def median_pace(session: Session, project_id: int) -> float | None:
    """Median active seconds of the last counted reviews; None before the first."""
    seconds = session.scalars(
        sa.select(Assignment.active_seconds)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Assignment.project_id == project_id,
            Assignment.state == AssignmentState.SUBMITTED,
            Task.purpose.in_(COUNTED_PURPOSES),
        )
        .order_by(Assignment.task_id.desc())
        .limit(PACE_OF)
    ).all()
    return statistics.median(seconds) if seconds else None
