"""What Fleiss' kappa says beyond one number: per level, and as a test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from evalhub.stats.alpha import figure
from evalhub.stats.coefficients import fleiss_kappa
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Reason


@dataclass(frozen=True, slots=True)
class ZTest:
    """A test against no agreement beyond chance; None with the reason where it does not apply."""

    z: float | None
    p_value: float | None
    undefined_because: Reason | None = None


def fleiss_by_level(counts: PatternCounts) -> tuple[Figure, ...]:
    """Kappa of each level against all others; a point without an interval.

    Undefined unless all items have the same number of ratings, and for a level that is never or always given.

    Source: Fleiss (1971), equation 23.
    """
    reason = _unequal(counts)
    if reason is not None:
        return tuple(figure(counts, None, because=reason) for _ in range(counts.n_levels))
    m = int(counts.n_ratings[0])
    n = counts.n_items
    shares = counts.distribution / (n * m)
    apart = counts.n_units @ (counts.patterns * (m - counts.patterns))
    room = n * m * (m - 1) * shares * (1 - shares)
    return tuple(
        figure(counts, 1 - float(apart[level] / room[level]))
        if room[level] > 0
        else figure(counts, None, because=Reason.NO_VARIATION)
        for level in range(counts.n_levels)
    )


def fleiss_test(counts: PatternCounts) -> ZTest:
    """z = κ / SE under no agreement beyond chance, for equal numbers of ratings.

    Source: Fleiss, Nee and Landis (1979).
    """
    reason = _unequal(counts)
    kappa = fleiss_kappa(counts).value
    if reason is not None or kappa is None:
        return ZTest(None, None, reason or Reason.NO_VARIATION)
    m = int(counts.n_ratings[0])
    shares = counts.distribution / counts.distribution.sum()
    product = shares * (1 - shares)
    variance = (
        2
        / (counts.n_items * m * (m - 1))
        * (product.sum() ** 2 - (product * (1 - 2 * shares)).sum())
        / product.sum() ** 2
    )
    z = kappa / math.sqrt(variance)
    return ZTest(z, float(2 * ndtr(-abs(z))))


def _unequal(counts: PatternCounts) -> Reason | None:
    if counts.n_pairable == 0:
        return Reason.NO_PAIRABLE_UNITS
    return None if len(np.unique(counts.n_ratings)) == 1 else Reason.NEEDS_EQUAL_RATINGS
