"""Give a slot of a locked task to a reviewer: leased now, or reserved until they have done its partner."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from evalhub.audit.service import record
from evalhub.db import TryAgain, new_public_id
from evalhub.review.models import Assignment, AssignmentState, Task
from evalhub.review.schema import Lease, lowest_bit


@dataclass(frozen=True, slots=True)
class Claimant:
    """An active reviewer whose membership is locked."""

    project_id: int
    reviewer_id: int
    project: str
    reviewer: str
    """Public ids, for the log."""
    lease_length: timedelta
    seed: int
    """The project's, which decides which answer of a pair comes first."""


def take(session: Session, task: Task, who: Claimant, moment: datetime) -> Lease:
    """Lease the locked task's lowest free slot to the reviewer."""
    columns = _lease(who, moment)
    public_id = _give_slot(session, task, who, columns)
    return _told(session, task, who, public_id, columns)


def reserve(session: Session, task: Task, who: Claimant) -> None:
    """Keep the locked task's lowest free slot for the reviewer, who holds its partner.

    The token of an earlier lease stays: a page that is still open may submit with it.
    """
    _give_slot(session, task, who, {"state": AssignmentState.PAIRED})


def begin(session: Session, task: Task, reserved: Assignment, who: Claimant, moment: datetime) -> Lease:
    """Lease to the reviewer what was reserved for them; the task is locked, and they hold no other lease."""
    columns = _lease(who, moment)
    for name, value in columns.items():
        setattr(reserved, name, value)
    session.flush()
    return _told(session, task, who, reserved.public_id, columns)


def _lease(who: Claimant, moment: datetime) -> dict[str, Any]:
    return {
        "state": AssignmentState.LEASED,
        "leased_until": moment + who.lease_length,
        "lease": secrets.token_hex(16),
        "claimed_at": moment,
        "seen_at": moment,
    }


def _give_slot(session: Session, task: Task, who: Claimant, columns: Mapping[str, Any]) -> str:
    """Record the reviewer in the lowest free slot, over a lapsed row of theirs.

    Returns:
        The public id of their assignment.
    """
    slot = lowest_bit(task.free_slots)
    task.free_slots &= ~(1 << slot)
    task.is_open = task.free_slots != 0 and not task.held
    session.flush()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = {"slot": slot, **columns}
    statement = insert(Assignment).values(
        project_id=task.project_id,
        task_id=task.id,
        reviewer_id=who.reviewer_id,
        public_id=new_public_id(),
        revision=0,
        active_seconds=0.0,
        **fresh,
    )
    public_id: str | None = session.scalar(
        statement.on_conflict_do_update(
            index_elements=["project_id", "task_id", "reviewer_id"],
            set_=fresh,
            where=Assignment.state == AssignmentState.EXPIRED,
        ).returning(Assignment.public_id)
    )
    if public_id is None:  # the row became mine in another way after it was read as not mine
        raise TryAgain
    return public_id


def _told(session: Session, task: Task, who: Claimant, public_id: str, columns: Mapping[str, Any]) -> Lease:
    """The new lease, once the log has it."""
    record(
        session,
        action="item.claimed",
        subject=("assignment", public_id),
        actor=who.reviewer,
        at=columns["claimed_at"],
        chain=who.project,
    )
    until, token = columns["leased_until"], columns["lease"]
    return Lease(task.project_id, task.id, who.reviewer_id, public_id, token, until, is_new=True)
