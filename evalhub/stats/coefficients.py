"""Percent agreement and the chance-corrected coefficients that need level counts only.

All are functions of four sums over items: the agreement within pairable items, their number, the shares of levels
within items, and the number of rated items. So leaving out a group is a subtraction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import stdtrit

from evalhub.stats import leave_out
from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Interval, Method, Reason
from evalhub.stats.intervals import (
    LEVEL,
    disagreement_bound,
    is_telling,
    log_jackknife,
    no_interval_because,
    proportion,
)
from evalhub.stats.leave_out import LeftOut, without_each_group
from evalhub.stats.weights import Weights

Chance = Callable[[Floats, Floats], Floats]


def gwet_chance(shares: Floats, weight: Floats) -> Floats:
    """Σ w / (q(q − 1)) · Σ π_k (1 − π_k). Source: Gwet (2008), equation 8; weighted form Gwet (2014)."""
    q = len(weight)
    return np.asarray(weight.sum() / (q * max(q - 1, 1)) * (shares * (1 - shares)).sum(axis=-1))


def uniform_chance(shares: Floats, weight: Floats) -> Floats:
    """Σ w / q²: every level equally likely. Source: Brennan and Prediger (1981)."""
    return np.full(shares.shape[:-1], weight.sum() / len(weight) ** 2)


def marginal_chance(shares: Floats, weight: Floats) -> Floats:
    """Σ w_kl π_k π_l: every reviewer draws from the same shares. Source: Scott (1955), Fleiss (1971)."""
    return np.asarray(((shares @ weight) * shares).sum(axis=-1))


def percent_agreement(
    counts: PatternCounts, weights: Weights = Weights.IDENTITY, values: Floats | None = None
) -> Figure:
    """The mean over pairable items of the (weighted) share of agreeing pairs of ratings."""
    if counts.n_pairable == 0:
        return figure(counts, None, because=Reason.NO_PAIRABLE_UNITS)
    parts = _parts(counts, weights.matrix(counts.n_levels, values))[:, :2]
    total = counts.n_units @ parts
    share = float(total[0] / total[1])
    if counts.n_pairable == 1 or counts.n_groups == 1:
        return figure(counts, share, because=no_interval_because(counts))
    deletions = without_each_group(counts)
    left = leave_out.totals(counts, deletions, parts)
    interval = proportion(share, left[:, 0] / left[:, 1], deletions.weight, counts.n_groups)
    return figure(counts, share, interval)


def agreement_within(counts: PatternCounts, tolerance: float, values: Floats | None = None) -> Figure:
    """The share of pairable items whose highest and lowest rating differ by at most `tolerance`."""
    if counts.n_pairable == 0:
        return figure(counts, None, because=Reason.NO_PAIRABLE_UNITS)
    numbers = np.arange(counts.n_levels, dtype=np.float64) if values is None else values
    shown = counts.patterns > 0
    span = np.where(shown, numbers, -np.inf).max(axis=1) - np.where(shown, numbers, np.inf).min(axis=1)
    close = (span <= tolerance) & counts.is_pairable
    return figure(counts, float(counts.n_units[close].sum() / counts.n_pairable))


def gwet_ac(counts: PatternCounts, weights: Weights = Weights.IDENTITY, values: Floats | None = None) -> Figure:
    """Gwet's AC1 (identity weights) or AC2 over the full list of levels, used or not.

    Defined also where only one level occurs; it then says that agreement is perfect, not that levels are told apart.

    Source: Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement.
    """
    return _corrected(counts, weights, values, gwet_chance)


def gwet_ac_by_item(counts: PatternCounts, weights: Weights = Weights.IDENTITY, values: Floats | None = None) -> Figure:
    """AC1 or AC2 with the interval that Gwet gives: his linearised variance over items, t, cut at 1.

    Source: Gwet (2014), Handbook of Inter-Rater Reliability, chapter 5.
    """
    point = gwet_ac(counts, weights, values)
    n = counts.n_items
    if point.value is None or n < 2:
        return point
    weight = weights.matrix(counts.n_levels, values)
    parts = _parts(counts, weight)
    agreement, pairable, shares = parts[:, 0], parts[:, 1], parts[:, 2:-1]
    mean = counts.n_units @ shares / n
    scale = weight.sum() / (counts.n_levels * max(counts.n_levels - 1, 1))
    chance = float(gwet_chance(mean, weight))
    own = n / counts.n_pairable * (agreement - pairable * chance) / (1 - chance)
    own = own - 2 * (1 - point.value) * (scale * shares @ (1 - mean) - chance) / (1 - chance)
    se = float(np.sqrt(counts.n_units @ (own - point.value) ** 2 / (n * (n - 1))))
    reach = float(stdtrit(n - 1, LEVEL)) * se
    return figure(
        counts, point.value, Interval(max(point.value - reach, -1.0), min(point.value + reach, 1.0), Method.GWET)
    )


def brennan_prediger(
    counts: PatternCounts, weights: Weights = Weights.IDENTITY, values: Floats | None = None
) -> Figure:
    """Agreement beyond picking among all levels with equal chances."""
    return _corrected(counts, weights, values, uniform_chance)


def fleiss_kappa(counts: PatternCounts, weights: Weights = Weights.IDENTITY, values: Floats | None = None) -> Figure:
    """Fleiss' kappa in its general form, which allows missing ratings and weights.

    Undefined when only one level occurs.

    Source: Fleiss (1971); Gwet (2014) for missing ratings.
    """
    return _corrected(counts, weights, values, marginal_chance)


def _corrected(counts: PatternCounts, weights: Weights, values: Floats | None, chance_of: Chance) -> Figure:
    if counts.n_pairable == 0:
        return figure(counts, None, because=Reason.NO_PAIRABLE_UNITS)
    weight = weights.matrix(counts.n_levels, values)
    parts = _parts(counts, weight)
    value = float(_coefficient(counts.n_units @ parts, weight, chance_of))
    if np.isnan(value):
        return figure(counts, None, because=Reason.NO_VARIATION)
    because = no_interval_because(counts)
    if because is not None:
        return figure(counts, value, because=because)
    interval = _interval(counts, parts, weight, value, chance_of)
    return figure(counts, value, interval, None if value < 1 else Reason.PERFECT_AGREEMENT)


def _parts(counts: PatternCounts, weight: Floats) -> Floats:
    """What an item of each pattern adds to the sums, shape (patterns, 3 + levels)."""
    rows = counts.patterns.astype(np.float64)
    m = rows.sum(axis=1)
    pairs = np.where(counts.is_pairable, m * (m - 1), 1.0)
    agreement = np.where(counts.is_pairable, (rows * (rows @ weight - 1)).sum(axis=1) / pairs, 0.0)
    return np.column_stack([agreement, counts.is_pairable, rows / m[:, None], np.ones(len(rows))])


def _coefficient(total: Floats, weight: Floats, chance_of: Chance) -> Floats:
    """(p_a − p_e)/(1 − p_e) from the sums, shape (…, 3 + levels); NaN where chance agreement is complete."""
    observed = np.divide(
        total[..., 0], total[..., 1], out=np.full(total.shape[:-1], np.nan), where=np.asarray(total[..., 1] > 0)
    )
    chance = chance_of(total[..., 2:-1] / total[..., -1:], weight)
    room = np.where(1 - chance > 1e-12, 1 - chance, np.nan)
    return np.asarray((observed - chance) / room, dtype=np.float64)


def _interval(counts: PatternCounts, parts: Floats, weight: Floats, value: float, chance_of: Chance) -> Interval:
    deletions = without_each_group(counts)
    left = _coefficient(leave_out.totals(counts, deletions, parts), weight, chance_of)
    left_out = LeftOut(left, left >= 1 - 1e-12, deletions.weight)
    if value < 1 - 1e-12 and is_telling(left_out):
        return log_jackknife(value, left_out)
    shares = (counts.n_units @ parts)[2:-1] / counts.n_items
    room = float(1 - chance_of(shares, weight))
    next_distance = float((1 - np.diagonal(weight, offset=1)).max(initial=0.0))
    return disagreement_bound(value, counts, next_distance=next_distance, chance=room)
