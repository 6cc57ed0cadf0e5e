"""Items that everybody of a panel grades, in a queue of their own that comes before all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.db import locked
from evalhub.projects.models import Batch, BatchState, Project, ProjectState
from evalhub.projects.schema import Candidate, ordered
from evalhub.review.models import Assignment, AssignmentState, Purpose, Queue, QueueState, Task
from evalhub.review.schema import bits_of
from evalhub.review.service.release import end_leases, release
from evalhub.review.service.tasks import refresh_eligibility

PRIORITY = 1000
"""Of a panel's queue where its work does not say otherwise; queues of batches begin at 0."""


@dataclass(frozen=True, slots=True)
class PanelWork:
    """The items, the people who all grade them, and the version of the rubric that they grade by.

    `name` is the batch's; `seed` gives the order in which the items are handed out, the same for everybody.
    """

    name: str
    purpose: Purpose
    occasion: int
    rubric_version_id: int
    item_ids: Sequence[int]
    reviewer_ids: Sequence[int]
    seed: int
    priority: int = PRIORITY


def open_panel(session: Session, project_id: int, work: PanelWork, *, at: datetime) -> Batch:
    """Give every item a task with one slot a reviewer, and hand them out to the panel alone."""
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    batch = Batch(
        project_id=project_id,
        name=work.name,
        state=BatchState.OPEN,
        priority=work.priority,
        created_at=at,
        import_id=None,
    )
    session.add(batch)
    session.flush()
    queue = Queue(
        project_id=project_id,
        batch_id=batch.id,
        skills=[],
        panel=sorted(work.reviewer_ids),
        priority=work.priority,
        state=QueueState.OPEN if project.state is ProjectState.OPEN else QueueState.CLOSED,
        last_ord=0,
    )
    session.add(queue)
    session.flush()
    _add_tasks(session, project, queue, work)
    refresh_eligibility(session, project_id)
    return batch


def extend_panel(session: Session, batch_id: int, work: PanelWork) -> None:
    """Hand out more items to the panel of an open batch, after those that it has."""
    queue = session.scalars(sa.select(Queue).where(Queue.batch_id == batch_id)).one()
    project = session.scalars(locked(sa.select(Project).where(Project.id == queue.project_id))).one()
    _add_tasks(session, project, queue, work)


def _add_tasks(session: Session, project: Project, queue: Queue, work: PanelWork) -> None:
    rows = session.execute(
        sa.select(Item.id, Item.external_id, Item.group_key).where(
            Item.dataset_id == project.dataset_id, Item.id.in_(work.item_ids)
        )
    )
    candidates = [Candidate(row.id, row.external_id, row.group_key, "") for row in rows]
    first_id = project.last_task_id + 1
    project.last_task_id += len(candidates)
    need = len(work.reviewer_ids)
    last_ord = _last_ord_with(session, queue, len(candidates))
    session.add_all(
        Task(
            project_id=project.id,
            id=first_id + place,
            dataset_id=project.dataset_id,
            item_id=item_id,
            rubric_version_id=work.rubric_version_id,
            purpose=work.purpose,
            occasion=work.occasion,
            batch_id=queue.batch_id,
            queue_id=queue.id,
            ord=last_ord - len(candidates) + place + 1,
            need=need,
            slots=need,
            free_slots=bits_of(need),
            is_open=True,
        )
        for place, item_id in enumerate(ordered(candidates, "random", work.seed))
    )
    session.flush()


def _last_ord_with(session: Session, queue: Queue, more: int) -> int:
    """Make room at the end of a queue; a release may be doing the same."""
    return session.execute(
        sa.update(Queue)
        .where(Queue.project_id == queue.project_id, Queue.id == queue.id)
        .values(last_ord=Queue.last_ord + more)
        .returning(Queue.last_ord)
    ).scalar_one()


def close_panel(session: Session, batch_id: int) -> None:
    """End the work on a panel's batch for good: what is not submitted by now is not taken any more.

    Tasks that still wait are held, so that no late review slips in after the figures were shown; drafts are kept.
    """
    batch = session.get_one(Batch, batch_id)
    session.scalars(locked(sa.select(Project.id).where(Project.id == batch.project_id))).one()
    on_batch = (Task.project_id == batch.project_id, Task.batch_id == batch_id)
    tasks = session.scalars(
        locked(sa.select(Task).where(*on_batch).order_by(Task.id)).execution_options(populate_existing=True)
    ).all()
    freed: dict[int, tuple[Task, int]] = {}
    for task in tasks:
        leases = _leases_on(session, task)
        if not leases and not task.free_slots:
            continue
        task.held, task.held_reason, task.is_open = True, "closed before everybody had graded it", False
        bits = end_leases(session, task, leases, AssignmentState.EXPIRED)
        if bits:
            freed[task.id] = (task, bits)
    release(session, freed)
    batch.state = BatchState.CLOSED
    session.execute(sa.update(Queue).where(Queue.batch_id == batch_id).values(state=QueueState.CLOSED))
    session.flush()


def _leases_on(session: Session, task: Task) -> list[Assignment]:
    leased = sa.select(Assignment).where(
        Assignment.project_id == task.project_id,
        Assignment.task_id == task.id,
        Assignment.state == AssignmentState.LEASED,
    )
    found = locked(leased.order_by(Assignment.reviewer_id)).execution_options(populate_existing=True)
    return list(session.scalars(found))
