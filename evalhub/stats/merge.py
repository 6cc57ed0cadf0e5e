"""Levels that stand for one number are one level on a scale of numbers."""

from __future__ import annotations

import numpy as np

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Floats, Ints
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Distance, Scale, distance


def merged(counts: PatternCounts, scale: Scale, values: Floats | None) -> tuple[PatternCounts, Distance]:
    """The counts and their distance, with equal numbers merged on interval and ratio scales."""
    metric, level_of = _joined(scale, counts.n_levels, values)
    if level_of is None:
        return counts, metric
    merge = np.eye(len(metric.values), dtype=np.int64)[level_of]
    return PatternCounts(counts.patterns @ merge, counts.n_units, counts.cells, counts.n_raters), metric


def merged_ratings(ratings: Ratings, scale: Scale, values: Floats | None) -> tuple[Ratings, Distance]:
    """The same for the long form; without `values` the ratings' own are taken."""
    metric, level_of = _joined(scale, ratings.n_levels, ratings.values if values is None else values)
    if level_of is None:
        return ratings, metric
    joined = Ratings(
        ratings.unit,
        ratings.rater,
        level_of[ratings.level],
        n_levels=len(metric.values),
        group=ratings.group,
        values=metric.values,
    )
    return joined, metric


def _joined(scale: Scale, n_levels: int, values: Floats | None) -> tuple[Distance, Ints | None]:
    """The distance, and the new level of each old one where some are joined."""
    metric = distance(scale, n_levels, values)
    distinct, level_of = np.unique(metric.values, return_inverse=True)
    if scale in (Scale.NOMINAL, Scale.ORDINAL) or len(distinct) == n_levels:
        return metric, None
    return distance(scale, len(distinct), distinct), level_of.reshape(-1)
