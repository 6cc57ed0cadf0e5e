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
from evalhub.accounts.schema import Load, Membership, PersonalSettings, digest
from evalhub.db import canonical_json
from evalhub.errors import NotFound
from evalhub.events import load_asked, memberships_asked
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset

MOST_TO_CHOOSE = 500


@dataclass(frozen=True, slots=True)
class People:
    """One page of the people who can sign in."""

    page: Page[Account, Profile]
    total: int
    load: dict[int, Load]


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


def people_to_choose(session: Session) -> list[Account]:
    """The people who may sign in, by name; no more than a list to choose from is of use with."""
    people = sa.select(Account).where(Account.kind == AccountKind.HUMAN, Account.disabled_at.is_(None))
    return list(session.scalars(people.order_by(sa.func.lower(Account.display_name), Account.id).limit(MOST_TO_CHOOSE)))


PEOPLE_BY = {
    "name": sa.func.lower(Account.display_name),
    "login": Account.login,
    "made": Account.created_at,
    "seen": sa.func.coalesce(Account.last_seen_at, Account.created_at),
}
PEOPLE_STATES = {
    "active": Account.password_hash.is_not(None) & Account.disabled_at.is_(None),
    "invited": Account.password_hash.is_(None) & Account.disabled_at.is_(None),
    "disabled": Account.disabled_at.is_not(None),
}


def people(session: Session, listing: Listing) -> People:
    """Human accounts; `q` matches inside name or sign-in name, and what else a filter does not know it leaves aside."""
    found = (
        sa.select(Account, Profile)
        .outerjoin(Profile, Profile.account_id == Account.id)
        .where(Account.kind == AccountKind.HUMAN)
    )
    if search := listing.filters["q"]:
        found = found.where(
            Account.display_name.icontains(search, autoescape=True) | Account.login.icontains(search, autoescape=True)
        )
    if role := listing.chosen("role", InstanceRole):
        found = found.where(Account.role == role)
    if listing.filters["state"] in PEOPLE_STATES:
        found = found.where(PEOPLE_STATES[listing.filters["state"]])
    if domain := listing.filters["domain"]:
        words = sa.type_coerce(Profile.domains, sa.Text)
        found = found.where(words.contains(canonical_json(domain.casefold()), autoescape=True))
    total = session.scalar(sa.select(sa.func.count()).select_from(found.with_only_columns(Account.id).subquery())) or 0
    page = keyset(session, found, listing.order(PEOPLE_BY, last=Account.id), listing.after)
    return People(page, total, load_of(session, [account.id for account, _ in page.rows]))


def load_of(session: Session, account_ids: list[int]) -> dict[int, Load]:
    """How much work each of them does and holds, by account id; the later stages know."""
    return {
        account_id: load
        for _, answer in load_asked.send(session, account_ids=account_ids)
        for account_id, load in answer.items()
    }


def memberships_of(session: Session, account_id: int) -> list[Membership]:
    """The projects that somebody is in; the later stages know."""
    return [found for _, answer in memberships_asked.send(session, account_id=account_id) for found in answer]


def domains_in_use(session: Session) -> list[str]:
    """Every domain that somebody knows."""
    return sorted({domain for domains in session.scalars(sa.select(Profile.domains)) for domain in domains})


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


def live_token(session: Session, token: str, *, now: datetime) -> tuple[ApiToken, Account] | None:
    """The API token and its account, unless it was revoked, has expired, or the account was disabled."""
    row = session.execute(
        sa.select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(
            ApiToken.token_sha256 == digest(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now),
            Account.disabled_at.is_(None),
        )
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


def open_link_of(session: Session, account_id: int, *, now: datetime) -> Invitation | None:
    """The newest one-time link of somebody that still works."""
    return session.scalar(
        sa.select(Invitation)
        .where(Invitation.account_id == account_id, Invitation.used_at.is_(None), Invitation.expires_at > now)
        .order_by(Invitation.id.desc())
        .limit(1)
    )


def domains_of(session: Session, account_id: int) -> list[str]:
    profile = session.get(Profile, account_id)
    return list(profile.domains) if profile else []


def languages_of(session: Session, account_id: int) -> list[str]:
    profile = session.get(Profile, account_id)
    return list(profile.languages) if profile else []


def profiles(session: Session) -> dict[int, tuple[list[str], list[str]]]:
    """What everybody knows, domains and languages, by account id."""
    return {row.account_id: (row.domains, row.languages) for row in session.scalars(sa.select(Profile))}


def settings_of(session: Session, account_id: int) -> PersonalSettings:
    """How somebody likes to read and type; the defaults where nothing is stored."""
    stored = session.get(StoredSettings, account_id)
    return PersonalSettings.model_validate(stored.body) if stored else PersonalSettings()


def display_names(session: Session, public_ids: Iterable[str]) -> dict[str, str]:
    """The names of those of the accounts that there are, by public id."""
    named = sa.select(Account.public_id, Account.display_name).where(Account.public_id.in_(set(public_ids)))
    return dict(session.execute(named).all())
