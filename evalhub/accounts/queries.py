"""Who there is, and what proves who somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import (
    Account,
    AccountKind,
    ApiToken,
    InstanceRole,
    Invitation,
    Profile,
    SignInSession,
    StoredSettings,
)
from evalhub.accounts.schema import PersonalSettings, digest
from evalhub.errors import NotFound

PEOPLE_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class People:
    """One page of the people who can sign in."""

    accounts: list[Account]
    page: int
    pages: int
    total: int


def account_of_login(session: Session, login: str) -> Account | None:
    return session.scalar(sa.select(Account).where(Account.login == login.strip().lower()))


def account_or_404(session: Session, public_id: str) -> Account:
    """The human account with this public id.

    Raises:
        NotFound: when there is none.
    """
    account = session.scalar(
        sa.select(Account).where(Account.public_id == public_id, Account.kind == AccountKind.HUMAN)
    )
    if account is None:
        raise NotFound
    return account


def people(session: Session, *, search: str = "", page: int = 1) -> People:
    """Human accounts by name; `search` matches inside name or sign-in name."""
    found = sa.select(Account).where(Account.kind == AccountKind.HUMAN)
    if search:
        found = found.where(
            Account.display_name.icontains(search, autoescape=True) | Account.login.icontains(search, autoescape=True)
        )
    total = session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0
    pages = max(1, -(-total // PEOPLE_PER_PAGE))
    page = min(max(page, 1), pages)
    rows = session.scalars(
        found.order_by(Account.display_name, Account.id).limit(PEOPLE_PER_PAGE).offset((page - 1) * PEOPLE_PER_PAGE)
    )
    return People(list(rows), page, pages, total)


def all_people(session: Session) -> list[Account]:
    return list(
        session.scalars(sa.select(Account).where(Account.kind == AccountKind.HUMAN).order_by(Account.login, Account.id))
    )


def other_admins(session: Session, account_id: int) -> int:
    """How many admins who can sign in there are besides this account."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Account)
            .where(Account.role == InstanceRole.ADMIN, Account.disabled_at.is_(None), Account.id != account_id)
        )
        or 0
    )


def live_session(
    session: Session, secret: str, *, now: datetime, idle: timedelta
) -> tuple[SignInSession, Account] | None:
    """The sign-in session of a cookie and its account, unless it has lapsed or the account was disabled."""
    row = session.execute(
        sa.select(SignInSession, Account)
        .join(Account, Account.id == SignInSession.account_id)
        .where(
            SignInSession.token_sha256 == digest(secret),
            SignInSession.expires_at > now,
            SignInSession.last_seen_at > now - idle,
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def live_token(session: Session, token: str) -> tuple[ApiToken, Account] | None:
    row = session.execute(
        sa.select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.token_sha256 == digest(token), ApiToken.revoked_at.is_(None), Account.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def live_link(session: Session, token: str, *, now: datetime) -> tuple[Invitation, Account] | None:
    """The one-time link with this token, unless it was used, has expired, or its account was disabled."""
    row = session.execute(
        sa.select(Invitation, Account)
        .join(Account, Account.id == Invitation.account_id)
        .where(
            Invitation.token_sha256 == digest(token),
            Invitation.used_at.is_(None),
            Invitation.expires_at > now,
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def tokens_of(session: Session, account_id: int) -> list[ApiToken]:
    """The account's tokens that still work, newest first."""
    return list(
        session.scalars(
            sa.select(ApiToken)
            .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
        )
    )


def sessions_of(session: Session, account_id: int, *, now: datetime) -> list[SignInSession]:
    return list(
        session.scalars(
            sa.select(SignInSession)
            .where(SignInSession.account_id == account_id, SignInSession.expires_at > now)
            .order_by(SignInSession.last_seen_at.desc())
        )
    )


def domains_of(session: Session, account_id: int) -> list[str]:
    profile = session.get(Profile, account_id)
    return list(profile.domains) if profile else []


def settings_of(session: Session, account_id: int) -> PersonalSettings:
    """How somebody likes to read and type; the defaults where nothing is stored."""
    stored = session.get(StoredSettings, account_id)
    return PersonalSettings.model_validate(stored.body) if stored else PersonalSettings()


def display_names(session: Session, public_ids: Iterable[str]) -> dict[str, str]:
    """The names of those of the accounts that there are, by public id."""
    named = sa.select(Account.public_id, Account.display_name).where(Account.public_id.in_(set(public_ids)))
    return dict(session.execute(named).all())
