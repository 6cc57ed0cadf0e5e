"""What the sweep does for imports."""

from __future__ import annotations

from evalhub.datasets.service import sweep_imports
from evalhub.db import Database
from evalhub.web.session import write


def drop_leftovers(database: Database) -> None:
    """Remove the rows of imports that died."""
    while write(sweep_imports, on=database):
        pass
