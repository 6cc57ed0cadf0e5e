"""What the sweep does for the log."""

from __future__ import annotations

from functools import partial

from evalhub.audit.service import chain_events
from evalhub.db import Database
from evalhub.web.session import write

AT_ONCE = 2000


def chain(database: Database) -> None:
    """Chain all waiting events."""
    while write(partial(chain_events, limit=AT_ONCE), on=database) >= AT_ONCE:
        pass
