"""Many people invited at once: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole, Invitation
from evalhub.accounts.schema import Invitee
from evalhub.accounts.service.people import drop_links, invite, person, set_domains
from evalhub.accounts.service.recording import record_account
from evalhub.errors import BadInput, Conflict, Fault


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited, and the token of their link, known for this once."""

    account: str
    login: str
    display_name: str
    token: str


def invite_all(
    session: Session,
    people: Sequence[Invitee],
    role: InstanceRole,
    *,
    domains: list[str],
    by_id: int | None,
    now: datetime,
) -> list[Invited]:
    """Make an account and a link for each.

    Raises:
        BadInput: naming the line of every sign-in name that is taken; then nobody is invited.
    """
    taken = _taken(session, [one.login for one in people])
    if faults := [
        Fault("login_taken", f"the sign-in name {one.login} is taken", "people", one.line)
        for one in people
        if one.login in taken
    ]:
        raise BadInput("Nobody was invited.", faults=faults)
    invited = []
    for one in people:
        account, token = invite(session, one.login, one.display_name, role, by_id=by_id, now=now)
        if domains:
            set_domains(session, account.id, domains, by_id=by_id, now=now)
        invited.append(Invited(account.public_id, one.login, one.display_name, token))
    return invited


def withdraw_link(session: Session, account_id: int, *, by_id: int | None, now: datetime) -> None:
    """End the open links of somebody, such as an invitation that went to a wrong address.

    Raises:
        Conflict: when there is none.
    """
    account = person(session, account_id)
    is_open = sa.exists().where(
        Invitation.account_id == account_id, Invitation.used_at.is_(None), Invitation.expires_at > now
    )
    if not session.scalar(sa.select(is_open)):
        raise Conflict("there is no open link of this person any more")
    drop_links(session, account_id, now=now)
    record_account(session, "link.withdrawn", account, by_id=by_id, at=now)


def _taken(session: Session, logins: Sequence[str]) -> set[str]:
    return {login for login in session.scalars(sa.select(Account.login).where(Account.login.in_(logins))) if login}
