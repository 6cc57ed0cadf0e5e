"""Mean ratings of items as given, and as they would be if every reviewer were equally severe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalhub.stats.figure import Floats, Ints
from evalhub.stats.ratings import Ratings
from evalhub.stats.severity import Severity


@dataclass(frozen=True, eq=False)
class ItemMeans:
    """The mean rating of each item, raw and adjusted; shape (units,) each.

    Adjusted means of items whose reviewers belong to different components (`n_components`) cannot be compared: no
    chain of shared items says which panel is the stricter. `n_unknown` counts ratings by reviewers without a
    severity; they stay as given.
    """

    unit: Ints
    raw: Floats
    adjusted: Floats
    n_components: int
    n_unknown: int


def adjusted_means(ratings: Ratings, severities: Sequence[Severity]) -> ItemMeans:
    """Take each reviewer's shrunk severity from their ratings' numbers before averaging.

    The shrunk one, so that a reviewer of few items is moved little.
    """
    severity_of = {one.rater: one.shrunk for one in severities}
    raters, rater_of = np.unique(ratings.rater, return_inverse=True)
    known = np.array([severity_of.get(int(rater), np.nan) for rater in raters])
    severity = known[rater_of.reshape(-1)]
    numbers = ratings.numbers()
    units, position, n = np.unique(ratings.unit, return_inverse=True, return_counts=True)
    sums = [
        np.bincount(position.reshape(-1), weights=column, minlength=len(units))
        for column in (numbers, numbers - np.nan_to_num(severity))
    ]
    return ItemMeans(
        unit=units,
        raw=sums[0] / n,
        adjusted=sums[1] / n,
        n_components=len({one.component for one in severities}),
        n_unknown=int(np.isnan(severity).sum()),
    )
