"""Alpha against the krippendorff package: two implementations that share no line must agree."""

from __future__ import annotations

from typing import Literal, cast

import krippendorff
import numpy as np

from evalhub.errors import CheckFailed
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure
from evalhub.stats.scale import Distance, Scale

MAX_ITEMS = 100_000
MAX_CELLS = 15_000_000
TOLERANCE = 1e-9

LibraryScale = Literal["nominal", "ordinal", "interval", "ratio"]


def check_alpha(counts: PatternCounts, figure: Figure, metric: Distance) -> bool:
    """Compare an alpha with the package's; False where it is undefined or the data is too large for the package.

    The counts go in as int64 and the values in their order: with uint8 counts, and with an unordered domain, the
    package answers wrongly without a word. Scores are left out where only the levels count: the package would take two
    levels with one score for one. Its memory grows with items × levels².

    Raises:
        CheckFailed: they differ by more than 1e-9.
    """
    pairable = counts.is_pairable
    n_items = int(counts.n_units[pairable].sum())
    if figure.value is None or n_items > MAX_ITEMS or n_items * counts.n_levels**2 > MAX_CELLS:
        return False
    by_rank = metric.scale in (Scale.NOMINAL, Scale.ORDINAL)
    domain = np.arange(counts.n_levels) if by_rank else metric.values
    table = np.repeat(counts.patterns[pairable], counts.n_units[pairable], axis=0).astype(np.int64)
    theirs = float(
        krippendorff.alpha(
            value_counts=table, value_domain=domain, level_of_measurement=cast(LibraryScale, str(metric.scale))
        )
    )
    if not abs(theirs - figure.value) <= TOLERANCE:
        raise CheckFailed(
            f"{metric.scale} alpha is {figure.value!r} here and {theirs!r} in the krippendorff package; "
            "this is a fault of evalhub, please report it with the ratings"
        )
    return True
