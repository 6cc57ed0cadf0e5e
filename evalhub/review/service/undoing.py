"""What an undone import leaves in the queue, and how it goes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import locked
from evalhub.projects.models import Batch, BatchState, Member, Project
from evalhub.review.models import Assignment, Queue, QueueReviewer, QueueState, Task

PORTION = 2_000


def lock_projects_of(session: Session, import_id: int) -> None:
    """Have nobody take an item of an import until the end of the transaction (handler of `import_undoing`).

    The rows of the projects' members are locked, as a claim does first: who waited sees afterwards what was stored.
    """
    of_import = sa.select(Batch.project_id).where(Batch.import_id == import_id)
    session.scalars(locked(sa.select(Project).where(Project.id.in_(of_import)).order_by(Project.id))).all()
    session.scalars(
        locked(sa.select(Member).where(Member.project_id.in_(of_import)).order_by(Member.project_id, Member.account_id))
    ).all()


def close_queues_of(session: Session, dataset_id: int, import_id: int) -> None:
    """Hand out nothing of an undone import (handler of `import_undone`)."""
    session.execute(sa.update(Batch).where(Batch.import_id == import_id).values(state=BatchState.CLOSED))
    batches = sa.select(Batch.id).where(Batch.import_id == import_id)
    session.execute(
        sa.update(Queue)
        .where(Queue.batch_id.in_(batches), Queue.state == QueueState.OPEN)
        .values(state=QueueState.HIDDEN)
    )


def drop_tasks_of(session: Session, import_id: int) -> bool:
    """Delete up to 2,000 tasks of an undone import, or at last a batch of it (handler of `import_dropping`).

    Returns:
        Whether there was something to delete.
    """
    batch = session.scalar(sa.select(Batch).where(Batch.import_id == import_id).order_by(Batch.id).limit(1))
    if batch is None:
        return False
    of_project = Task.project_id == batch.project_id
    ids = session.scalars(
        sa.select(Task.id).where(of_project, Task.batch_id == batch.id).order_by(Task.id).limit(PORTION)
    ).all()
    if not ids:
        _drop_batch(session, batch)
        return True
    portion = (of_project, Task.batch_id == batch.id, Task.id <= ids[-1])
    gone = sa.select(Task.id).where(*portion)
    session.execute(
        sa.delete(Assignment).where(Assignment.project_id == batch.project_id, Assignment.task_id.in_(gone))
    )
    session.execute(sa.update(Task).where(of_project, Task.partner_id.in_(gone)).values(partner_id=None))
    session.execute(sa.delete(Task).where(*portion))
    return True


def _drop_batch(session: Session, batch: Batch) -> None:
    queues = sa.select(Queue.id).where(Queue.project_id == batch.project_id, Queue.batch_id == batch.id)
    session.execute(sa.delete(QueueReviewer).where(QueueReviewer.queue_id.in_(queues)))
    session.execute(sa.delete(Queue).where(Queue.project_id == batch.project_id, Queue.batch_id == batch.id))
    session.delete(batch)
    session.flush()
