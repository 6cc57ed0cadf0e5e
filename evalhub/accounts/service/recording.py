"""The audit events of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record


def record_account(
    session: Session,
    action: str,
    account: Account,
    *,
    by_id: int | None,
    at: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    """Record what was done to an account; by nobody, when the command line did it."""
    by = session.get(Account, by_id) if by_id is not None else None
    record(
        session,
        action=action,
        subject=("account", account.public_id),
        actor=by.public_id if by else "",
        at=at,
        payload=payload,
    )
