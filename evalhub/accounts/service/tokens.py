"""API tokens: shown once, stored as their hash."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, ApiToken
from evalhub.accounts.schema import clean_name, digest, new_token
from evalhub.accounts.service.recording import record_account
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.web.principal import EVERY_SCOPE, Scope


def create_token(
    session: Session,
    *,
    account_id: int,
    name: str,
    now: datetime,
    scopes: Collection[Scope] = EVERY_SCOPE,
    expires_at: datetime | None = None,
    by_id: int | None = None,
) -> str:
    """Make a token by which a program acts as the account, and return it, for the only time.

    Args:
        scopes: what it is for; every token may read besides.

    Raises:
        BadInput: it would have expired already.
        Conflict: when the account is disabled, or stands for a reviewer of past ratings.
    """
    account = session.get_one(Account, account_id)
    if account.disabled_at is not None or account.kind is AccountKind.IMPORTED:
        raise Conflict("this account cannot act, so it gets no token")
    if expires_at is not None and expires_at <= now:
        message = "lies in the past; give a later time, or none"
        raise BadInput(f"expires_at: {message}", faults=[Fault("schema", message, path="expires_at")])
    token = new_token()
    row = ApiToken(
        account_id=account_id,
        name=clean_name(name, path="name", limit=100),
        token_sha256=digest(token),
        scopes=sorted({Scope.READ, *scopes}),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    payload = {"token": row.public_id, "scopes": row.scopes}
    record_account(session, "token.created", account, by_id=by_id, at=now, payload=payload)
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
    """Remember when the token was last used, and its account last seen."""
    used = sa.update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now)
    account_id = session.scalar(used.returning(ApiToken.account_id))
    session.execute(sa.update(Account).where(Account.id == account_id).values(last_seen_at=now))
