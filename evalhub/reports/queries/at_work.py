"""Who holds what, what has waited longest, and which failures are named most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.db import EPOCH
from evalhub.projects.models import Batch, Member, Project
from evalhub.projects.queries import shown_name
from evalhub.reports.queries.narrowed import is_begun, is_hidden
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Draft, Queue, RatingTag, Task, is_in
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.rubrics.queries import rubric_of

MOST_HELD = 50
MOST_FAILURES = 10


@dataclass(frozen=True, slots=True)
class Held:
    """An item in somebody's hands; `ref` names it in addresses, both are None where the onlooker may still grade it."""

    reviewer: str
    ref: str | None
    item: str | None
    since: datetime | None
    until: datetime | None
    has_draft: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """How often a failure tag was ticked; `up_to` is the share of all ticks by this and the more frequent ones."""

    key: str
    words: str
    n: int
    up_to: float


def held_now(session: Session, project_id: int, account_id: int) -> list[Held]:
    """The leases on the project's work, the oldest first; practice and gold are left out."""
    hidden = is_hidden(session, project_id, account_id)
    # The sum keeps SQLite from going by project through all that was ever taken: leases are few on the whole instance.
    leases = (
        sa.select(Assignment.public_id)
        .where(is_in(AssignmentState.LEASED), Assignment.leased_until > EPOCH, Assignment.project_id + 0 == project_id)
        .cte("leases")
        .prefix_with("MATERIALIZED")
    )
    rows = session.execute(
        sa.select(Assignment, Account, Member, Task.public_id, Item.external_id, Draft.revision, hidden)
        .join(leases, leases.c.public_id == Assignment.public_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Account, Account.id == Assignment.reviewer_id)
        .outerjoin(Member, sa.and_(Member.project_id == Assignment.project_id, Member.account_id == Account.id))
        .outerjoin(
            Draft,
            sa.and_(
                Draft.project_id == Assignment.project_id,
                Draft.task_id == Assignment.task_id,
                Draft.reviewer_id == Assignment.reviewer_id,
            ),
        )
        .where(Task.purpose.in_(COUNTED_PURPOSES))
        .order_by(Assignment.claimed_at)
        .limit(MOST_HELD)
    )
    return [
        Held(
            reviewer=shown_name(account.display_name, member, account.kind),
            ref=None if hides else ref,
            item=None if hides else external_id,
            since=row.claimed_at,
            until=row.leased_until,
            has_draft=draft is not None,
        )
        for row, account, member, ref, external_id, draft, hides in rows
    ]


def waiting_since(session: Session, project_id: int) -> datetime | None:
    """When the batch was made whose items have waited longest for a first reviewer; None where none waits."""
    waits = (
        sa.exists(Task.id)
        .where(
            Task.project_id == project_id,
            Task.queue_id == Queue.id,
            Task.is_open,
            Task.purpose.in_(COUNTED_PURPOSES),
            ~is_begun(),
        )
        .correlate(Queue)
    )
    return session.scalar(
        sa.select(Batch.created_at)
        .join(Queue, Queue.batch_id == Batch.id)
        .where(Queue.project_id == project_id, waits)
        .order_by(Batch.created_at)
        .limit(1)
    )


def failures(session: Session, project: Project) -> list[Failure]:
    """The failure tags of the current rubric by how often they were ticked in work that counts, the most first."""
    rubric = rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
    labels = {
        (criterion.key, tag.key): f"{criterion.title}: {tag.label}"
        for criterion in rubric.criteria
        for tag in criterion.failure_tags
    }
    counts_not = sa.select(Task.id).where(
        Task.project_id == project.id, sa.or_(Task.held, Task.purpose.not_in(COUNTED_PURPOSES))
    )
    n = sa.func.count()
    rows = session.execute(
        sa.select(Criterion.key, RatingTag.tag, n)
        .join(Criterion, Criterion.id == RatingTag.criterion_id)
        .where(RatingTag.project_id == project.id, RatingTag.task_id.not_in(counts_not))
        .group_by(Criterion.key, RatingTag.tag)
        .order_by(n.desc(), Criterion.key, RatingTag.tag)
    ).all()
    found: list[Failure] = []
    total, so_far = sum(row[2] for row in rows), 0
    for criterion, tag, count in rows:
        so_far += count
        words = labels.get((criterion, tag))
        if words is not None:
            found.append(Failure(f"{criterion}:{tag}", words, count, so_far / total))
    return found[:MOST_FAILURES]
