"""Small acts that every server process repeats: lapsed leases, counts to fold, events to chain, work left half done.

The later stages say what is to be done (`app.connect_handlers`); this module only does it, again and again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from evalhub.db import Database

logger = logging.getLogger(__name__)

Act = Callable[[Database], object]


def sweep_once(database: Database, acts: Sequence[Act]) -> None:
    """Do each act; one that fails is logged and does not keep the others from their turn."""
    for act in acts:
        try:
            act(database)
        except Exception:  # the edge of a thread: whatever it is, the next sweep tries again
            logger.exception("a sweep failed and will be tried again")


def start_sweeper(database: Database, acts: Sequence[Act], *, seconds: float) -> threading.Event:
    """Sweep in a thread of this process, again and again with a pause of `seconds`.

    Returns:
        An event that stops it when set.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            sweep_once(database, acts)

    threading.Thread(target=run, name="sweeper", daemon=True).start()
    return stop
