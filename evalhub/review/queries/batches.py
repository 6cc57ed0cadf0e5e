"""How far the batches of a project are."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.projects.models import Batch
from evalhub.review.models import COUNTED_PURPOSES, REPLACED, Task
from evalhub.review.queries.progress import done_by_task, holds_every_review


@dataclass(frozen=True, slots=True)
class BatchProgress:
    batch: Batch
    items: int
    done: int
    """Items with all their reviews."""


def batches_with_progress(session: Session, project_id: int) -> list[BatchProgress]:
    """The batches of imported items, in the order of their imports; rounds and training have pages of their own."""
    done = done_by_task(project_id)
    is_done = sa.case((holds_every_review(done), 1), else_=0)
    counts = (
        sa.select(Task.batch_id, sa.func.count().label("n_items"), sa.func.sum(is_done).label("n_done"))
        .outerjoin(done, done.c.task_id == Task.id)
        .where(
            Task.project_id == project_id,
            Task.purpose.in_(COUNTED_PURPOSES),
            sa.func.coalesce(Task.held_reason, "") != REPLACED,
        )
        .group_by(Task.batch_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Batch, counts.c.n_items, counts.c.n_done)
        .outerjoin(counts, counts.c.batch_id == Batch.id)
        .where(Batch.project_id == project_id, Batch.import_id.is_not(None))
        .order_by(Batch.id)
    )
    return [BatchProgress(batch, int(items or 0), int(done or 0)) for batch, items, done in rows]
