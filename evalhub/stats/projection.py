"""How many more days a stretch of work will take, from what was done on the days behind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from evalhub.stats.figure import Reason

FEWEST_DAYS = 5
LEVEL = 0.8
"""Of the range: so often the work ends within it."""


@dataclass(frozen=True, slots=True)
class DaysLeft:
    """Days until the remaining work is done; None, with the reason, where nothing can be said.

    `most` is None where the days differ so much that no last day can be named.
    """

    a_day: float | None
    days: float | None
    fewest: float | None
    most: float | None
    n_days: int
    undefined_because: Reason | None = None


def days_left(counts: Sequence[int], remaining: int) -> DaysLeft:
    """The days in which so much is done as remains, if the days to come are like those behind.

    The sum of T further days is foretold as T·m ± t·s·√(T + T²/n), with mean m and standard deviation s of the n days
    seen and Student's t on n − 1 degrees of freedom. The range holds every T whose foretold sums include what remains;
    its ends are the roots of (m² − t²s²/n)·T² − (2·m·N + t²s²)·T + N² = 0.

    Args:
        counts: what was done on each day behind, days without work included.
        remaining: N, at least 0.

    Source: Hahn and Meeker (1991), Statistical Intervals, chapter 4: prediction interval for the mean of further
    observations, solved for their number.
    """
    n = len(counts)
    if n < FEWEST_DAYS:
        return DaysLeft(None, None, None, None, n, Reason.TOO_FEW_DAYS)
    mean, spread = float(np.mean(counts)), float(np.std(counts, ddof=1))
    if mean == 0:
        return DaysLeft(0.0, None, None, None, n, Reason.NO_WORK)
    if remaining == 0:
        return DaysLeft(mean, 0.0, 0.0, 0.0, n)
    reach = (float(stdtrit(n - 1, (1 + LEVEL) / 2)) * spread) ** 2
    square, linear = mean**2 - reach / n, 2 * mean * remaining + reach
    root = math.sqrt(max(linear**2 - 4 * square * remaining**2, 0.0))
    return DaysLeft(
        a_day=mean,
        days=remaining / mean,
        fewest=2 * remaining**2 / (linear + root),
        most=(linear + root) / (2 * square) if square > 0 else None,
        n_days=n,
    )
