"""What the sweep does for the log."""

from __future__ import annotations

from evalhub.audit.service import chain_all
from evalhub.db import Database


def chain(database: Database) -> None:
    """Chain all waiting events."""
    chain_all(database)
