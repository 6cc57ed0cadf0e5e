"""Which items the reviewers differ on, and how much each moves alpha."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalhub.stats import leave_out
from evalhub.stats.alpha import alpha_value
from evalhub.stats.counts import PatternCounts, distinct_rows, unit_table
from evalhub.stats.figure import Floats, Ints
from evalhub.stats.leave_out import Deletions, within_by_matrix
from evalhub.stats.merge import merged, merged_ratings
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale


@dataclass(frozen=True, eq=False)
class ItemDisagreement:
    """One row an item, in the order of `units`; all arrays have shape (items,).

    `disagreement` is the mean distance of two of its ratings as a multiple of what chance gives (1 = as by chance),
    NaN where nothing can be said: a single rating, or no variation at all. `span` is the distance in levels between
    its highest and lowest rating. `influence` is alpha less alpha without the item; below 0, the item lowers alpha.
    """

    units: Ints
    n_ratings: Ints
    disagreement: Floats
    span: Ints
    influence: Floats


def item_disagreements(ratings: Ratings, *, scale: Scale, values: Floats | None = None) -> ItemDisagreement:
    """The disagreement of every item and its influence on alpha; the cost is that of the distinct patterns."""
    units, _, levels_given = unit_table(ratings)
    joined, metric = merged_ratings(ratings, scale, values)
    table = unit_table(joined)[2]
    patterns, pattern_of = distinct_rows(table)
    counts = PatternCounts(patterns, np.bincount(pattern_of, minlength=len(patterns)))
    delta = metric.matrix(counts.marginals.astype(np.float64))
    point = alpha_value(counts, delta) if counts.n_pairable else None
    found = np.full((2, len(patterns)), np.nan)
    if point is not None:
        n = counts.marginals.astype(np.float64)
        chance = float(n @ delta @ n) / float(n.sum() * (n.sum() - 1))
        mean = within_by_matrix(patterns, delta) / np.maximum(counts.n_ratings, 1)
        every = np.arange(len(patterns))
        one_item = Deletions(patterns, every, every, -np.ones(len(patterns), dtype=np.int64), counts.n_units)
        found[0] = np.where(counts.is_pairable, mean / chance, np.nan)
        found[1] = np.where(counts.is_pairable, point - leave_out.alphas(counts, one_item, metric).value, np.nan)
    rank = np.arange(ratings.n_levels)
    shown = levels_given > 0
    span = np.where(shown, rank, -1).max(axis=1) - np.where(shown, rank, ratings.n_levels).min(axis=1)
    return ItemDisagreement(
        units=units,
        n_ratings=counts.n_ratings[pattern_of],
        disagreement=found[0][pattern_of],
        span=span,
        influence=found[1][pattern_of],
    )


def influence(others: PatternCounts, pattern: ArrayLike, *, scale: Scale, values: Floats | None = None) -> float | None:
    """The influence of one item, from its level counts and the pattern counts of all the others.

    Returns:
        Alpha with the item less alpha without it, as in `ItemDisagreement`; None where either is undefined.
    """
    row = np.asarray(pattern, dtype=np.int64).reshape(1, -1)
    everyone = PatternCounts(np.vstack([others.patterns, row]), np.append(others.n_units, 1))
    without, metric = merged(others, scale, values)
    within, _ = merged(everyone, scale, values)
    found = [alpha_value(counts, metric.matrix(counts.marginals.astype(np.float64))) for counts in (within, without)]
    return None if found[0] is None or found[1] is None else found[0] - found[1]
