"""Sign-in sessions: rows that the server can end, known to the browser by a secret of which only the hash is stored."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, SignInSession
from evalhub.accounts.schema import digest, new_secret
from evalhub.accounts.service.recording import record_account
from evalhub.errors import NotSignedIn


def open_session(session: Session, account_id: int, *, life: timedelta, now: datetime) -> str:
    """Sign the account in and return the new session's secret, for the cookie.

    Raises:
        NotSignedIn: when the account was disabled in the meantime.
    """
    account = session.get_one(Account, account_id)
    if account.disabled_at is not None:
        raise NotSignedIn("This account is disabled.")
    session.execute(
        sa.delete(SignInSession).where(SignInSession.account_id == account_id, SignInSession.expires_at <= now)
    )
    account.last_seen_at = now
    secret = new_secret()
    session.add(
        SignInSession(
            token_sha256=digest(secret),
            account_id=account_id,
            csrf_token=secrets.token_urlsafe(24),
            created_at=now,
            last_seen_at=now,
            expires_at=now + life,
        )
    )
    session.flush()
    record_account(session, "session.opened", account, by_id=account_id, at=now)
    return secret


def close_session(session: Session, session_id: int, *, account_id: int, now: datetime) -> None:
    """Sign out; only a session of the account itself can be closed."""
    gone = session.execute(
        sa.delete(SignInSession).where(SignInSession.id == session_id, SignInSession.account_id == account_id)
    )
    if gone.rowcount:  # type: ignore[attr-defined]
        account = session.get_one(Account, account_id)
        record_account(session, "session.closed", account, by_id=account_id, at=now)


def close_all_sessions(session: Session, account_id: int, *, by_id: int | None, now: datetime) -> None:
    """Sign out everywhere."""
    drop_sessions(session, account_id)
    record_account(session, "session.all_closed", session.get_one(Account, account_id), by_id=by_id, at=now)


def replace_sessions(session: Session, account_id: int, *, life: timedelta, now: datetime) -> str:
    """End every session and open a new one, after what proves the person has changed."""
    drop_sessions(session, account_id)
    return open_session(session, account_id, life=life, now=now)


def drop_sessions(session: Session, account_id: int) -> None:
    session.execute(sa.delete(SignInSession).where(SignInSession.account_id == account_id))


def note_seen(session: Session, session_id: int, *, now: datetime) -> None:
    """Remember when the session was last used, for its idle limit, and its person last seen."""
    seen = sa.update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=now)
    account_id = session.scalar(seen.returning(SignInSession.account_id))
    session.execute(sa.update(Account).where(Account.id == account_id).values(last_seen_at=now))
