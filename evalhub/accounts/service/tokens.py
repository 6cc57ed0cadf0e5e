"""API tokens: shown once, stored as their hash."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, ApiToken
from evalhub.accounts.schema import clean_name, digest, new_token
from evalhub.accounts.service.recording import record_account
from evalhub.errors import Conflict, NotFound


def create_token(session: Session, *, account_id: int, name: str, now: datetime, by_id: int | None = None) -> str:
    """Make a token by which a program acts as the account, and return it, for the only time.

    Raises:
        Conflict: when the account is disabled, or stands for a reviewer of past ratings.
    """
    account = session.get_one(Account, account_id)
    if account.disabled_at is not None or account.kind is AccountKind.IMPORTED:
        raise Conflict("this account cannot act, so it gets no token")
    token = new_token()
    row = ApiToken(
        account_id=account_id,
        name=clean_name(name, path="name", limit=100),
        token_sha256=digest(token),
        created_at=now,
    )
    session.add(row)
    session.flush()
    record_account(session, "token.created", account, by_id=by_id, at=now, payload={"token": row.public_id})
    return token


def revoke_token(session: Session, public_id: str, *, account_id: int, by_id: int | None, now: datetime) -> None:
    """End a token of the account; ending it twice changes nothing.

    Raises:
        NotFound: when the account has no such token.
    """
    row = session.scalar(sa.select(ApiToken).where(ApiToken.public_id == public_id, ApiToken.account_id == account_id))
    if row is None:
        raise NotFound(f"There is no such token of this account: {public_id}.")
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    account = session.get_one(Account, account_id)
    record_account(session, "token.revoked", account, by_id=by_id, at=now, payload={"token": public_id})


def note_used(session: Session, token_id: int, *, now: datetime) -> None:
    session.execute(sa.update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))
