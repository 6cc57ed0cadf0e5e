"""How often signing in may fail: counted in the database, so that servers and restarts make no difference.

A try is counted before its password is looked at, and taken back when it was right: so no number of tries at once gets
past the limit. Names that nobody has are counted like all others.
"""

from __future__ import annotations

import ipaddress
import math
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from evalhub.accounts.models import SignInLimit
from evalhub.accounts.schema import digest
from evalhub.db import locked
from evalhub.errors import TooMany

WINDOW = timedelta(minutes=15)
TRIES_OF_A_NAME = 5
"""In 15 minutes; from then on each try has to wait twice as long as the one before, a quarter of an hour at most."""
TRIES_OF_AN_ADDRESS = 50
FIRST_DELAY = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=1)


def count_try(session: Session, login: str, address: str | None, *, now: datetime) -> None:
    """Count that somebody is about to try a password.

    Args:
        address: where they are, None where that is not known; then the name alone counts, or everybody would be one.

    Raises:
        TooMany: when they must wait; such a try is not counted.
    """
    session.execute(sa.delete(SignInLimit).where(SignInLimit.last_at <= now - FORGOTTEN_AFTER))
    by_address = None if address is None else _counted(session, _address_key(address), now)
    by_name = _counted(session, _name_key(login), now)
    wait = max(_wait_of_address(by_address, now) if by_address else timedelta(0), _wait_of_name(by_name, now))
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        minutes = math.ceil(seconds / 60)
        raise TooMany(
            f"Too many tries: wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again.",
            retry_after=seconds,
        )
    for row in (by_address, by_name):
        if row is not None:
            row.n, row.last_at = row.n + 1, now


def forget_name(session: Session, login: str) -> None:
    """Have a name begin anew."""
    session.execute(sa.delete(SignInLimit).where(SignInLimit.key == _name_key(login)))


def forget_tries(session: Session, login: str, address: str | None) -> None:
    """Take back the try that was right: the name begins anew, the address has one less."""
    forget_name(session, login)
    if address is None:
        return
    session.execute(
        sa.update(SignInLimit)
        .where(SignInLimit.key == _address_key(address), SignInLimit.n > 0)
        .values(n=SignInLimit.n - 1)
    )


def _counted(session: Session, key: str, now: datetime) -> SignInLimit:
    """The row of a key under its lock; of several that make it at once, one's stands."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(SignInLimit).values(key=key, n=0, since=now, last_at=now).on_conflict_do_nothing())
    found = locked(sa.select(SignInLimit).where(SignInLimit.key == key)).execution_options(populate_existing=True)
    return session.scalars(found).one()


def _wait_of_address(row: SignInLimit, now: datetime) -> timedelta:
    if now - row.since >= WINDOW:
        row.n, row.since = 0, now
    return row.since + WINDOW - now if row.n >= TRIES_OF_AN_ADDRESS else timedelta(0)


def _wait_of_name(row: SignInLimit, now: datetime) -> timedelta:
    """Fewer than five tries are forgotten after 15 quiet minutes, more of them after a quiet day."""
    if row.n < TRIES_OF_A_NAME:
        if now - row.last_at >= WINDOW:
            row.n, row.since = 0, now
        return timedelta(0)
    delay: timedelta = min(FIRST_DELAY * 2 ** min(row.n - TRIES_OF_A_NAME, 10), WINDOW)
    return row.last_at + delay - now


def _name_key(login: str) -> str:
    return digest(f"name:{login.strip().lower()}")


def _address_key(address: str) -> str:
    return digest(f"address:{_network_of(address)}")


def _network_of(address: str) -> str:
    """The address, or of IPv6 the first half: whoever has one of those has them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), 64), strict=False))
