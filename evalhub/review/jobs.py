"""What the sweep does for the queue."""

from __future__ import annotations

from functools import partial

from evalhub.db import Database
from evalhub.review.service.patterns import fold_patterns
from evalhub.review.service.sweep import sweep_leases
from evalhub.review.service.tasks import fill_leftovers
from evalhub.web.session import write

AT_ONCE = 200
FOLDED_AT_ONCE = 2000


def sweep(database: Database) -> None:
    """Take back lapsed leases, fold waiting counts, and fill batches that a stopped process left."""
    while write(partial(sweep_leases, limit=AT_ONCE), on=database) == AT_ONCE:
        pass
    fold(database)
    fill_leftovers(database)


def fold(database: Database) -> None:
    while write(partial(fold_patterns, limit=FOLDED_AT_ONCE), on=database) == FOLDED_AT_ONCE:
        pass
