"""Ids as positions: the first step of every count.

Ids that lie close together are looked up in a table, which takes a fifth of the time of sorting them.
"""

from __future__ import annotations

import numpy as np

from evalhub.stats.figure import Bools, Ints

SPREAD = 4
SMALL = 1_000


def numbered(ids: Ints) -> tuple[Ints, Ints]:
    """Distinct ids in their order and, for each row, the position of its id."""
    if not _are_close(ids):
        distinct, position = np.unique(ids, return_inverse=True)
        return distinct, position.reshape(-1)
    above = _above_lowest(ids)
    occurs = _occurring(above)
    distinct = np.flatnonzero(occurs)
    position = above if len(distinct) == len(occurs) else (np.cumsum(occurs) - 1)[above]
    distinct += ids.min()
    return distinct, position


def n_distinct(ids: Ints) -> int:
    """How many different ids there are."""
    if not _are_close(ids):
        return len(np.unique(ids))
    return int(np.count_nonzero(_occurring(_above_lowest(ids))))


def span(ids: Ints) -> int:
    """How many numbers there are from the lowest to the highest id."""
    return int(ids.max()) - int(ids.min()) + 1


def _are_close(ids: Ints) -> bool:
    return len(ids) > 0 and span(ids) <= SPREAD * len(ids) + SMALL


def _above_lowest(ids: Ints) -> Ints:
    low = ids.min()
    return ids - low if low else ids


def _occurring(above: Ints) -> Bools:
    """Which of the numbers from 0 to the highest occur."""
    occurs = np.zeros(int(above.max()) + 1, dtype=np.bool_)
    occurs[above] = True
    return occurs
