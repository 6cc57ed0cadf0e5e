"""What of reviewing rests on an import."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.projects.models import Batch, BatchState
from evalhub.review.models import Assignment, AssignmentState, Draft, Task

IDLE = (AssignmentState.EXPIRED, AssignmentState.SKIPPED, AssignmentState.EXCLUDED)
"""Nobody works on it; it is work all the same where a draft or a review was stored."""


def work_on_import(session: Session, dataset_id: int, import_id: int) -> list[str]:
    """Reviews, drafts, leases and tasks of other purposes on items of an import (handler of `import_in_use`)."""
    return list(_uses(session, dataset_id, import_id))


def _uses(session: Session, dataset_id: int, import_id: int) -> Iterator[str]:
    filling = sa.exists().where(Batch.import_id == import_id, Batch.state == BatchState.FILLING)
    if session.scalar(sa.select(filling)):
        yield "its queues are being filled just now; try again in a moment"
    on_import = (
        sa.select(sa.func.count())
        .select_from(Item)
        .join(Task, sa.and_(Task.dataset_id == Item.dataset_id, Task.item_id == Item.id))
        .where(Item.dataset_id == dataset_id, Item.import_id == import_id)
    )
    has_draft = sa.exists().where(
        Draft.project_id == Assignment.project_id,
        Draft.task_id == Assignment.task_id,
        Draft.reviewer_id == Assignment.reviewer_id,
    )
    is_work = Assignment.state.not_in(IDLE) | (Assignment.revision > 0) | has_draft
    assigned = sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id)
    if n := session.scalar(on_import.join(Assignment, assigned).where(is_work)) or 0:
        yield f"{n:,} reviews, drafts and items in somebody's hands rest on it"
    elsewhere = on_import.join(Batch, Batch.id == Task.batch_id).where(Batch.import_id.is_distinct_from(import_id))
    if n := session.scalar(elsewhere) or 0:
        yield f"{n:,} tasks of rounds, training or second gradings are about its items"
