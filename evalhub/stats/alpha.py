"""Krippendorff's alpha with its interval, from pattern counts."""

from __future__ import annotations

import numpy as np

from evalhub.stats import leave_out
from evalhub.stats.counts import PatternCounts, unit_patterns
from evalhub.stats.figure import Figure, Floats, Interval, Reason
from evalhub.stats.intervals import (
    disagreement_bound,
    is_telling,
    jackknife_variance,
    log_jackknife,
    no_interval_because,
)
from evalhub.stats.leave_out import LeftOut, without_each_group, without_each_rater
from evalhub.stats.merge import merged, merged_ratings
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Distance, Scale

MIN_RANDOM_REVIEWERS = 5


def alpha_value(counts: PatternCounts, delta: Floats) -> float | None:
    """1 − (n − 1)·Σ o·δ / Σ n_i·n_j·δ, or None without variation; exactly 1 when no item is split."""
    n = counts.marginals.astype(np.float64)
    chance = float(n @ delta @ n)
    if chance <= 0:
        return None
    if counts.n_disagreeing == 0:
        return 1.0
    return 1 - (float(n.sum()) - 1) * float((counts.coincidences * delta).sum()) / chance


def alpha(counts: PatternCounts, *, scale: Scale, values: Floats | None = None) -> Figure:
    """Krippendorff's alpha with the delete-one-group jackknife interval.

    Items with fewer than two ratings enter neither the observed nor the expected disagreement.

    Args:
        values: what the levels stand for on an interval or ratio scale (default: their ranks).

    Returns:
        At most 1. Undefined, with the reason, when no item was rated twice or only one level occurs; a value without
        an interval with one such item, with one group, or where one level leaves too few items that carry another.

    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    counts, metric = merged(counts, scale, values)
    undefined = _undefined(counts)
    if undefined is not None:
        return figure(counts, None, because=undefined)
    value = alpha_value(counts, metric.matrix(counts.marginals.astype(np.float64)))
    if value is None:
        return figure(counts, None, because=Reason.NO_VARIATION)
    because = no_interval_because(counts)
    if because is not None:
        return figure(counts, value, because=because)
    perfect = counts.n_disagreeing == 0
    left_out = None if perfect else leave_out.alphas(counts, without_each_group(counts), metric)
    interval = _interval(counts, metric, value, left_out)
    return figure(counts, value, interval, Reason.PERFECT_AGREEMENT if perfect else None)


def alpha_with_random_reviewers(ratings: Ratings, *, scale: Scale, values: Floats | None = None) -> Figure | None:
    """The interval that also lets the reviewers vary; None with fewer than five of them or where it is undefined."""
    joined, metric = merged_ratings(ratings, scale, values)
    counts = PatternCounts.of(joined)
    fixed = alpha(counts, scale=scale, values=metric.values)
    if ratings.n_reviewers < MIN_RANDOM_REVIEWERS or fixed.value is None or fixed.undefined_because is not None:
        return None
    groups = leave_out.alphas(counts, without_each_group(counts), metric)
    raters = alphas_without_each_rater(joined, scale=scale, values=metric.values)[1]
    if not (groups.is_regular and raters.is_regular):
        return None
    between = jackknife_variance(np.log1p(-raters.value), raters.weight)
    return figure(counts, fixed.value, log_jackknife(fixed.value, groups, between))


def alphas_without_each_rater(
    ratings: Ratings, *, scale: Scale, values: Floats | None = None
) -> tuple[np.ndarray, LeftOut]:
    """The reviewers' ids and alpha without each of them, all at once."""
    joined, metric = merged_ratings(ratings, scale, values)
    units = unit_patterns(joined)
    raters, deletions = without_each_rater(joined, units)
    return raters, leave_out.alphas(PatternCounts.of_units(units.patterns, units.pattern_of), deletions, metric)


def figure(
    counts: PatternCounts, value: float | None, interval: Interval | None = None, because: Reason | None = None
) -> Figure:
    """A figure with the evidence that the counts hold."""
    return Figure(
        value=value,
        ci_low=interval.low if interval else None,
        ci_high=interval.high if interval else None,
        n_items=counts.n_items,
        n_pairable=counts.n_pairable,
        n_groups=counts.n_groups,
        n_reviewers=counts.n_raters,
        undefined_because=because,
        **({"method": interval.method} if interval else {}),
    )


def _undefined(counts: PatternCounts) -> Reason | None:
    if counts.n_pairable == 0:
        return Reason.NO_PAIRABLE_UNITS
    if (counts.marginals > 0).sum() < 2:
        return Reason.NO_VARIATION
    return None


def _interval(counts: PatternCounts, metric: Distance, value: float, left_out: LeftOut | None) -> Interval:
    if left_out is not None and is_telling(left_out):
        return log_jackknife(value, left_out)
    n = counts.marginals.astype(np.float64)
    delta = metric.matrix(n)
    occurring = np.flatnonzero(n)
    next_distance = float(delta[occurring[:-1], occurring[1:]].max())
    chance = float(n @ delta @ n) / float(n.sum() * (n.sum() - 1))
    return disagreement_bound(value, counts, next_distance=next_distance, chance=chance)
