"""Take back leases that have lapsed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.audit.service import record
from evalhub.db import locked, now
from evalhub.projects.models import Project
from evalhub.review.models import Assignment, AssignmentState, Task, is_in
from evalhub.review.service.pairs import end_reservations
from evalhub.review.service.release import Freed, end_leases, release


def sweep_leases(session: Session, *, project_id: int | None = None, limit: int = 200) -> int:
    """Turn lapsed leases into `expired` and give their slots back.

    Candidates are read without a lock; their tasks are locked in order of id, skipping those that others hold, all
    before any queue row; each lease is looked at again under its lock. A task whose partner others hold waits for the
    next sweep.

    Returns:
        How many leases were taken back.
    """
    moment = now(session)
    lapsed = sa.and_(is_in(AssignmentState.LEASED), Assignment.leased_until < moment)
    candidates = sa.select(Assignment.project_id, Assignment.task_id).where(lapsed).limit(limit)
    if project_id is not None:
        candidates = candidates.where(Assignment.project_id == project_id)
    by_project: dict[int, set[int]] = {}
    for found_project, task_id in session.execute(candidates):
        by_project.setdefault(found_project, set()).add(task_id)
    return sum(
        _sweep_project(session, found_project, task_ids, lapsed, moment)
        for found_project, task_ids in sorted(by_project.items())
    )


def _sweep_project(
    session: Session, project_id: int, task_ids: set[int], lapsed: sa.ColumnElement[bool], moment: datetime
) -> int:
    project = session.scalars(sa.select(Project.public_id).where(Project.id == project_id)).one()
    tasks = _locked_with_partners(session, project_id, task_ids)
    freed, taken_back = Freed(), 0
    for task in tasks.values():
        partner = tasks.get(task.partner_id) if task.partner_id is not None else None
        if task.partner_id is not None and partner is None:
            continue
        leases = session.scalars(
            locked(
                sa.select(Assignment)
                .where(Assignment.project_id == project_id, Assignment.task_id == task.id, lapsed)
                .order_by(Assignment.reviewer_id)
            ).execution_options(populate_existing=True)
        ).all()
        if not leases:
            continue
        freed.add(task, end_leases(session, task, list(leases), AssignmentState.EXPIRED))
        freed.add(partner, end_reservations(session, partner, [lease.reviewer_id for lease in leases]))
        taken_back += len(leases)
        for lease in leases:
            record(
                session,
                action="lease.lapsed",
                subject=("assignment", lease.public_id),
                actor="",
                at=moment,
                chain=project,
            )
    release(session, freed)
    return taken_back


def _locked_with_partners(session: Session, project_id: int, task_ids: set[int]) -> dict[int, Task]:
    """The tasks and their partners that nobody else is at, in order of id."""
    of_project = sa.select(Task.partner_id).where(Task.project_id == project_id)
    partners = session.scalars(of_project.where(Task.id.in_(task_ids), Task.partner_id.is_not(None)))
    wanted = task_ids.union(one for one in partners if one is not None)
    in_order = sa.select(Task).where(Task.project_id == project_id, Task.id.in_(wanted)).order_by(Task.id)
    found = session.scalars(locked(in_order, skip=True).execution_options(populate_existing=True))
    return {task.id: task for task in found}
