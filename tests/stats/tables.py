"""Turn units × raters tables, as publications print them, into ratings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from evalhub.stats import Ratings

KRIPPENDORFF_C = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, 3, None, None],
]  # fmt: skip
"""Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C: 12 units, 4 observers."""


def ratings_of(table: Iterable[Sequence[Any]], levels: Sequence[Any] | None = None, **kwargs: Any) -> Ratings:
    """Rows are units, columns raters; None and NaN are missing; without levels, the sorted values that occur."""
    rows = [list(row) for row in table]
    if levels is None:
        levels = sorted({value for row in rows for value in row if value is not None})
    cells = [(unit, rater, value) for unit, row in enumerate(rows) for rater, value in enumerate(row)]
    ranks = [math.nan if value in (None, "NaN") else levels.index(value) for _, _, value in cells]
    return Ratings(
        [unit for unit, _, _ in cells], [rater for _, rater, _ in cells], ranks, n_levels=len(levels), **kwargs
    )
