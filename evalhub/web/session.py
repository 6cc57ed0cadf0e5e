"""The one place that commits: `write(fn)`, for requests, the command line and jobs alike."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from flask import current_app
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from evalhub.db import Database, TryAgain
from evalhub.errors import Unavailable

T = TypeVar("T")
TRIES = 5
AFTER_COMMIT = "evalhub_after_commit"
RETRIED_STATES = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available


def current_database() -> Database:
    database: Database = current_app.extensions["evalhub_database"]
    return database


@contextmanager
def reading(on: Database | None = None) -> Iterator[Session]:
    """A short read transaction on the app's database, or on the one given."""
    with (on or current_database()).reading() as session:
        yield session


def write(fn: Callable[[Session], T], *, on: Database | None = None) -> T:
    """Run `fn(session)` in one write transaction, commit, and return what it returned.

    `fn` may run more than once (serialization failures, deadlocks, lost races), so it works on ids and does nothing
    outside the session.

    Raises:
        Unavailable: after five tries.
    """
    database = on or current_database()
    for attempt in range(TRIES):
        try:
            with database.writing() as session:
                result = fn(session)
                session.commit()
                waiting = session.info.pop(AFTER_COMMIT, ())
        except (TryAgain, DBAPIError) as error:
            if not _is_worth_another_try(error):
                raise
        else:
            for effect in waiting:
                effect(database)
            return result
        time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 -- jitter, not a secret
    raise Unavailable("The database is busy; nothing was stored. Try again in a moment.")


def after_commit(session: Session, effect: Callable[[Database], object]) -> None:
    """Have `effect(database)` run once the transaction of `session` is committed, and not at all otherwise."""
    session.info.setdefault(AFTER_COMMIT, []).append(effect)


def _is_worth_another_try(error: TryAgain | DBAPIError) -> bool:
    if isinstance(error, TryAgain):
        return True
    state = getattr(error.orig, "sqlstate", None)
    return state in RETRIED_STATES or "database is locked" in str(error.orig)
