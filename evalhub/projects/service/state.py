"""Close and reopen projects."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.db import locked
from evalhub.errors import Conflict
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.service.batches import open_missing_batches


def close_project(session: Session, project_id: int, *, by: Account | None, now: datetime) -> None:
    """Stop handing out work; leases that run may still be submitted."""
    _set_state(session, project_id, ProjectState.CLOSED, by, now)
    events.project_closed.send(session, project_id=project_id)


def reopen_project(session: Session, project_id: int, *, by: Account | None, now: datetime) -> None:
    project = _set_state(session, project_id, ProjectState.OPEN, by, now)
    open_missing_batches(session, project, now)
    events.project_reopened.send(session, project_id=project_id)


def _set_state(session: Session, project_id: int, state: ProjectState, by: Account | None, now: datetime) -> Project:
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    if project.state is state:
        raise Conflict(f"The project is {state} already.", code="project_state")
    project.state = state
    session.flush()
    record(
        session,
        action=f"project.{'closed' if state is ProjectState.CLOSED else 'reopened'}",
        subject=("project", project.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
    )
    return project
