"""Events of training in the project's chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.projects.models import Project


def record_training(
    session: Session,
    project_id: int,
    action: str,
    *,
    subject: tuple[str, str],
    by: Account | None,
    at: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    record(
        session,
        action=action,
        subject=subject,
        actor=by.public_id if by else "",
        at=at,
        chain=session.get_one(Project, project_id).public_id,
        payload=payload,
    )
