"""What must hold of the queue at any moment; tests and `doctor` ask."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.datasets.models import Item
from evalhub.review.models import LEARNING, Assignment, AssignmentState, Purpose, QueueReviewer, Task, is_in
from evalhub.review.queries.patterns import pattern_counts, recounted_patterns


def broken_invariants(session: Session, project_id: int) -> list[str]:
    """One sentence for each thing that does not hold; none when all is well."""
    return [
        *_slots_that_disagree(session, project_id),
        *_tasks_passed_over(session, project_id),
        *_reservations_alone(session, project_id),
        *_withdrawn_yet_open(session, project_id),
        *_patterns_that_disagree(session, project_id),
    ]


def _slots_that_disagree(session: Session, project_id: int) -> list[str]:
    """Bits that are not free must be the slots that assignments record."""
    recorded: dict[int, int] = {}
    for task_id, slot in session.execute(
        sa.select(Assignment.task_id, Assignment.slot).where(
            Assignment.project_id == project_id, Assignment.slot.is_not(None)
        )
    ):
        assert slot is not None
        recorded[task_id] = recorded.get(task_id, 0) | 1 << slot
    tasks = session.execute(sa.select(Task.id, Task.slots, Task.free_slots).where(Task.project_id == project_id))
    return [
        f"task {task_id}: the bits that are not free differ from the slots that assignments record"
        for task_id, slots, free in tasks
        if ((1 << slots) - 1) & ~free != recorded.get(task_id, 0)
    ]


def _tasks_passed_over(session: Session, project_id: int) -> list[str]:
    """No open task lies at or below the cursor of a reviewer who could still claim it."""
    mine = sa.exists().where(
        Assignment.project_id == Task.project_id,
        Assignment.task_id == Task.id,
        Assignment.reviewer_id == QueueReviewer.reviewer_id,
    )
    rows = session.execute(
        sa.select(Task.id, QueueReviewer.reviewer_id)
        .join(
            QueueReviewer,
            sa.and_(QueueReviewer.project_id == Task.project_id, QueueReviewer.queue_id == Task.queue_id),
        )
        .where(Task.project_id == project_id, Task.is_open, Task.ord <= QueueReviewer.cursor_ord, ~mine)
    )
    return [f"task {task_id} is open below the cursor of reviewer {reviewer_id}" for task_id, reviewer_id in rows]


def _reservations_alone(session: Session, project_id: int) -> list[str]:
    """What is reserved belongs to a reviewer who holds its partner: else nobody would ever come for it."""
    held = aliased(Assignment)
    rows = session.execute(
        sa.select(Assignment.task_id, Assignment.reviewer_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Assignment.project_id == project_id,
            is_in(AssignmentState.PAIRED),
            ~sa.exists().where(
                held.project_id == Task.project_id,
                held.task_id == Task.partner_id,
                held.reviewer_id == Assignment.reviewer_id,
                held.state == AssignmentState.LEASED,
            ),
        )
    )
    return [
        f"task {task_id} is reserved for reviewer {reviewer_id}, who holds no partner" for task_id, reviewer_id in rows
    ]


def _withdrawn_yet_open(session: Session, project_id: int) -> list[str]:
    """Nobody is given a withdrawn item; trials of training that were begun go on."""
    open_tasks = sa.select(Task.id).where(
        Task.project_id == project_id, Task.is_open, Task.purpose.not_in((*LEARNING, Purpose.GOLD))
    )
    of_withdrawn = open_tasks.join(
        Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id, Item.withdrawn_at.is_not(None))
    )
    return [f"task {task_id} is open, and its item is withdrawn" for task_id in session.scalars(of_withdrawn)]


def _patterns_that_disagree(session: Session, project_id: int) -> list[str]:
    kept, recounted = pattern_counts(session, project_id), recounted_patterns(session, project_id)
    return [
        f"criterion {criterion_id}: the kept pattern counts differ from the ratings"
        for criterion_id in sorted(set(kept) | set(recounted))
        if kept.get(criterion_id) != recounted.get(criterion_id)
    ]
