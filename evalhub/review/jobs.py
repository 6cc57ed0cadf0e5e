"""What the sweep does for the queue."""

from __future__ import annotations

from functools import partial

from evalhub.db import Database
from evalhub.review.service.one_more import stop_waiting
from evalhub.review.service.patterns import fold_patterns
from evalhub.review.service.sweep import sweep_leases
from evalhub.review.service.tasks import fill_leftovers
from evalhub.web.session import write

AT_ONCE = 200
FOLDED_AT_ONCE = 2000


def sweep(database: Database) -> None:
    """Take back lapsed leases and slots that nobody can fill, fold waiting counts, and fill batches left half-way."""
    for act in (sweep_leases, stop_waiting):
        while write(partial(act, limit=AT_ONCE), on=database) == AT_ONCE:
            pass
    fold(database)
    fill_leftovers(database)


def fold(database: Database) -> None:
    while write(partial(fold_patterns, limit=FOLDED_AT_ONCE), on=database) == FOLDED_AT_ONCE:
        pass
