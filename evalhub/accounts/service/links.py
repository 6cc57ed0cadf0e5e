"""One-time links: to set the first password, to set a new one, to sign in once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, Invitation, InvitationPurpose
from evalhub.accounts.queries import live_link
from evalhub.accounts.schema import digest, new_secret
from evalhub.accounts.service.recording import record_account
from evalhub.errors import NotFound


class DeadLink(NotFound):
    """Used, expired, withdrawn or never made: it looks the same."""

    def __init__(self) -> None:
        super().__init__("This link does not work any more, or never did. Ask whoever sent it for a new one.")


@dataclass(frozen=True, slots=True)
class UsedLink:
    account_id: int
    purpose: InvitationPurpose


def create_link(
    session: Session,
    *,
    account_id: int,
    purpose: InvitationPurpose,
    by_id: int | None,
    now: datetime,
    valid_for: timedelta,
) -> str:
    """Make a link's token, which is stored as its hash only; earlier ones for the same purpose stop working."""
    session.execute(
        sa.update(Invitation)
        .where(Invitation.account_id == account_id, Invitation.purpose == purpose, Invitation.used_at.is_(None))
        .values(used_at=now)
    )
    token = new_secret()
    session.add(
        Invitation(
            token_sha256=digest(token),
            purpose=purpose,
            account_id=account_id,
            created_by_id=by_id,
            created_at=now,
            expires_at=now + valid_for,
        )
    )
    session.flush()
    account = session.get_one(Account, account_id)
    record_account(session, "link.created", account, by_id=by_id, at=now, payload={"purpose": purpose.value})
    return token


def use_link(session: Session, token: str, *, now: datetime) -> UsedLink:
    """Take the link out of use; of two that try at once, one gets it.

    Raises:
        DeadLink: when it is not in use.
    """
    found = live_link(session, token, now=now)
    if found is None:
        raise DeadLink
    link, account = found
    taken = session.execute(
        sa.update(Invitation).where(Invitation.id == link.id, Invitation.used_at.is_(None)).values(used_at=now)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise DeadLink
    record_account(session, "link.used", account, by_id=account.id, at=now, payload={"purpose": link.purpose.value})
    return UsedLink(account.id, link.purpose)
