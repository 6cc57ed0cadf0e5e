"""Levels that stand for one number are one level on a scale of numbers."""

from __future__ import annotations

import numpy as np

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Floats
from evalhub.stats.scale import Distance, Scale, distance


def merged(counts: PatternCounts, scale: Scale, values: Floats | None) -> tuple[PatternCounts, Distance]:
    """The counts and their distance, with equal numbers merged on interval and ratio scales."""
    metric = distance(scale, counts.n_levels, values)
    distinct, level_of = np.unique(metric.values, return_inverse=True)
    if scale in (Scale.NOMINAL, Scale.ORDINAL) or len(distinct) == counts.n_levels:
        return counts, metric
    merge = np.eye(len(distinct), dtype=np.int64)[level_of.reshape(-1)]
    joined = PatternCounts(counts.patterns @ merge, counts.n_units, counts.cells, counts.n_raters)
    return joined, distance(scale, len(distinct), distinct)
