"""Take items that serve another end out of the live queue, for everybody or for one reviewer."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.db import locked, new_public_id
from evalhub.projects.models import Member, MemberState
from evalhub.review.models import COUNTED_PURPOSES, WITHDRAWN, Assignment, AssignmentState, Task
from evalhub.review.service.release import next_ord

UNTOUCHED = (AssignmentState.EXCLUDED, AssignmentState.SKIPPED)
"""States in which nobody's answer stands on a task, and nobody is at work on it."""


def hold_untouched(session: Session, project_id: int, item_ids: Collection[int], reason: str) -> int:
    """Hold the live tasks of these items that nobody holds, wrote on or graded.

    Returns:
        How many are held now that were not.
    """
    taken = sa.select(Assignment.task_id).where(
        Assignment.project_id == project_id, Assignment.task_id == Task.id, Assignment.state.not_in(UNTOUCHED)
    )
    tasks = session.scalars(_live(project_id, item_ids).where(~Task.held)).all()
    untouched = set(
        session.scalars(
            sa.select(Task.id).where(
                Task.project_id == project_id, Task.id.in_([task.id for task in tasks]), ~taken.exists()
            )
        )
    )
    held = [task for task in tasks if task.id in untouched]
    for task in held:
        task.held, task.held_reason, task.is_open = True, reason, False
    session.flush()
    return len(held)


def hand_out_again(session: Session, project_id: int, item_ids: Collection[int], reason: str) -> int:
    """End the hold that was put on the live tasks of these items for this reason; each goes to the end of its queue.

    One that too few reviewers are left for, because the others have met it, stays held: it would wait for ever. One of
    a withdrawn item stays held until that is restored.

    Returns:
        How many tasks are handed out again.
    """
    held = session.scalars(_live(project_id, item_ids).where(Task.held, Task.held_reason == reason)).all()
    of_these = (Item.dataset_id.in_({task.dataset_id for task in held}), Item.id.in_(item_ids))
    withdrawn = set(session.scalars(sa.select(Item.id).where(*of_these, Item.withdrawn_at.is_not(None))))
    for task in held:
        if task.item_id in withdrawn:
            task.held_reason = f"{WITHDRAWN}{reason}"
    tasks = [
        task
        for task in held
        if task.item_id not in withdrawn and _people_left(session, task) >= task.free_slots.bit_count()
    ]
    for task in sorted(tasks, key=lambda task: (task.queue_id, task.id)):
        task.held, task.held_reason, task.is_open = False, None, task.free_slots != 0
        task.ord = next_ord(session, project_id, task.queue_id)
    session.flush()
    return len(tasks)


def _people_left(session: Session, task: Task) -> int:
    """How many people of the project have not had the task; those without a certificate may still earn one."""
    has_had_it = sa.exists().where(
        Assignment.project_id == task.project_id,
        Assignment.task_id == task.id,
        Assignment.reviewer_id == Member.account_id,
        Assignment.state != AssignmentState.EXPIRED,
    )
    people = sa.select(sa.func.count()).where(
        Member.project_id == task.project_id,
        Member.state == MemberState.ACTIVE,
        Member.is_reviewer,
        ~Member.is_simulated,
        ~has_had_it.correlate(Member),
    )
    return session.scalar(people) or 0


def keep_from(session: Session, project_id: int, item_ids: Collection[int], reviewer_id: int) -> None:
    """Never hand the live tasks of these items to a reviewer, whose membership is locked.

    Tasks that the reviewer has had in whatever way stay as they are.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    tasks = session.scalars(
        sa.select(Task.id)
        .where(Task.project_id == project_id, Task.item_id.in_(item_ids), Task.purpose.in_(COUNTED_PURPOSES))
        .order_by(Task.id)
    )
    rows = [
        {
            "project_id": project_id,
            "task_id": task_id,
            "reviewer_id": reviewer_id,
            "public_id": new_public_id(),
            "state": AssignmentState.EXCLUDED,
            "revision": 0,
            "active_seconds": 0.0,
        }
        for task_id in tasks
    ]
    if rows:
        own_row = ["project_id", "task_id", "reviewer_id"]
        session.execute(insert(Assignment).on_conflict_do_nothing(index_elements=own_row), rows)


def _live(project_id: int, item_ids: Collection[int]) -> sa.Select[Task]:
    """The live tasks of some items, locked in order of id."""
    return locked(
        sa.select(Task)
        .where(Task.project_id == project_id, Task.item_id.in_(item_ids), Task.purpose.in_(COUNTED_PURPOSES))
        .order_by(Task.id)
    ).execution_options(populate_existing=True)
