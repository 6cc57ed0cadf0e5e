"""Accounts: made, invited, changed, disabled."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub.accounts.models import (
    Account,
    AccountKind,
    ApiToken,
    InstanceRole,
    Invitation,
    InvitationPurpose,
    Profile,
)
from evalhub.accounts.queries import other_admins
from evalhub.accounts.schema import INVITATION_LIFE, RESET_LIFE, clean_domains, clean_login, clean_name
from evalhub.accounts.service.limits import forget_name
from evalhub.accounts.service.links import create_link
from evalhub.accounts.service.recording import record_account
from evalhub.accounts.service.sessions import drop_sessions
from evalhub.audit.service import before_and_after
from evalhub.db import locked
from evalhub.db import now as database_now
from evalhub.errors import Conflict, NotFound
from evalhub.events import account_disabled, profile_changed


def create_account(
    session: Session,
    *,
    kind: AccountKind,
    login: str | None,
    display_name: str,
    role: InstanceRole = InstanceRole.MEMBER,
    now: datetime,
    by_id: int | None = None,
) -> Account:
    """Make an account; only a human's has a sign-in name.

    Raises:
        BadInput: when a name is not one.
        Conflict: when the sign-in name is taken.
    """
    account = Account(
        kind=kind,
        login=None if login is None else clean_login(login),
        display_name=clean_name(display_name),
        role=role,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as error:
        raise Conflict(f"the sign-in name {account.login} is taken", code="login_taken") from error
    record_account(
        session, "account.created", account, by_id=by_id, at=now, payload={"kind": kind.value, "role": role.value}
    )
    return account


def invite(
    session: Session, login: str, display_name: str, role: InstanceRole, *, by_id: int | None, now: datetime
) -> tuple[Account, str]:
    """Make a person's account and the token of the link by which they set their password."""
    account = create_account(
        session,
        kind=AccountKind.HUMAN,
        login=login,
        display_name=display_name,
        role=role,
        now=now,
        by_id=by_id,
    )
    token = create_link(
        session,
        account_id=account.id,
        purpose=InvitationPurpose.INVITE,
        by_id=by_id,
        now=now,
        valid_for=INVITATION_LIFE,
    )
    return account, token


def reset_password(session: Session, account_id: int, *, by_id: int | None, now: datetime) -> str:
    """End the person's sessions, and make the token of a link to set a new password; the old one stops working.

    Raises:
        Conflict: when the account is disabled.
    """
    account = person(session, account_id)
    if account.disabled_at is not None:
        raise Conflict("this account is disabled; enable it first")
    purpose = InvitationPurpose.RESET if account.password_hash else InvitationPurpose.INVITE
    account.password_hash = None
    drop_sessions(session, account.id)
    life = RESET_LIFE if purpose is InvitationPurpose.RESET else INVITATION_LIFE
    token = create_link(session, account_id=account.id, purpose=purpose, by_id=by_id, now=now, valid_for=life)
    record_account(session, "account.reset", account, by_id=by_id, at=now)
    return token


def set_password(session: Session, account_id: int, password_hash: str, *, by_id: int | None, now: datetime) -> None:
    """Store a new password's hash and end all sessions; open links stop working, and no earlier try counts."""
    account = person(session, account_id)
    account.password_hash = password_hash
    if account.login:
        forget_name(session, account.login)
    drop_sessions(session, account.id)
    drop_links(session, account.id, now=now)
    record_account(session, "account.password_set", account, by_id=by_id, at=now)


def rename(session: Session, account_id: int, display_name: str, *, by_id: int | None, now: datetime) -> None:
    account = person(session, account_id)
    cleaned = clean_name(display_name)
    if account.display_name == cleaned:
        return
    account.display_name = cleaned
    record_account(session, "account.renamed", account, by_id=by_id, at=now)


def set_role(session: Session, account_id: int, role: InstanceRole, *, by_id: int | None, now: datetime) -> None:
    """Give the person another role; they sign in anew.

    Raises:
        Conflict: when nobody would be left to administer the instance.
    """
    account = person(session, account_id)
    if account.role is role:
        return
    if role is not InstanceRole.ADMIN:
        _keep_an_admin(session, account)
    payload = before_and_after({"role": account.role.value}, {"role": role.value})
    account.role = role
    drop_sessions(session, account.id)
    record_account(session, "account.role_changed", account, by_id=by_id, at=now, payload=payload)


def disable(session: Session, account_id: int, *, by_id: int | None, now: datetime) -> None:
    """Keep the person out: sessions, tokens, links and leases end; their work stays.

    Raises:
        Conflict: when nobody would be left to administer the instance.
    """
    account = person(session, account_id)
    if account.disabled_at is not None:
        return
    _keep_an_admin(session, account)
    account.disabled_at = now
    drop_sessions(session, account.id)
    drop_links(session, account.id, now=now)
    session.execute(
        sa.update(ApiToken)
        .where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    record_account(session, "account.disabled", account, by_id=by_id, at=now)
    account_disabled.send(session, account_id=account.id)


def enable(session: Session, account_id: int, *, by_id: int | None, now: datetime) -> None:
    account = person(session, account_id)
    if account.disabled_at is None:
        return
    account.disabled_at = None
    record_account(session, "account.enabled", account, by_id=by_id, at=now)
    profile_changed.send(session, account_id=account.id)


def set_domains(
    session: Session,
    account_id: int,
    domains: list[str],
    *,
    by_id: int | None = None,
    now: datetime | None = None,
) -> None:
    """Say what somebody knows, which decides about the items that ask for a skill; their languages stay."""
    _set_profile(session, account_id, {"domains": clean_domains(domains)}, by_id=by_id, now=now)


def set_profile(
    session: Session,
    account_id: int,
    domains: list[str],
    languages: list[str],
    *,
    by_id: int | None,
    now: datetime | None = None,
) -> None:
    """Say what somebody knows and which languages they read."""
    known = {"domains": clean_domains(domains), "languages": clean_domains(languages, path="languages")}
    _set_profile(session, account_id, known, by_id=by_id, now=now)


def _set_profile(
    session: Session, account_id: int, known: dict[str, list[str]], *, by_id: int | None, now: datetime | None
) -> None:
    account = session.get_one(Account, account_id)
    profile = session.get(Profile, account_id)
    if profile is None:
        profile = Profile(account_id=account_id, domains=[], languages=[])
        session.add(profile)
    payload = before_and_after({name: getattr(profile, name) for name in known}, known)
    if not payload:
        return
    for name, words in known.items():
        setattr(profile, name, words)
    session.flush()
    at = now or database_now(session)
    record_account(session, "account.domains_set", account, by_id=by_id, at=at, payload=payload)
    profile_changed.send(session, account_id=account_id)


def person(session: Session, account_id: int) -> Account:
    """The human account with this id, its row locked.

    Raises:
        NotFound: when there is none.
    """
    account = session.scalar(locked(sa.select(Account).where(Account.id == account_id)))
    if account is None or account.kind is not AccountKind.HUMAN:
        raise NotFound
    return account


def drop_links(session: Session, account_id: int, *, now: datetime) -> None:
    session.execute(
        sa.update(Invitation)
        .where(Invitation.account_id == account_id, Invitation.used_at.is_(None))
        .values(used_at=now)
    )


def _keep_an_admin(session: Session, account: Account) -> None:
    if account.is_admin and not other_admins(session, account.id):
        raise Conflict("this is the only admin; make another one first", code="last_admin")
