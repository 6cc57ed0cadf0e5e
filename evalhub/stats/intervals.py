"""Intervals: the group jackknife, the bound near perfect agreement, and proportions."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betaincinv, stdtrit

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Floats, Interval, Ints, Method, Reason
from evalhub.stats.leave_out import LeftOut

LEVEL = 0.975
SKEW_SHARE = 0.85
SKEW_ITEMS = 30
EXP_LIMIT = 700.0
SAME = 1e-12


def is_skewed(counts: PatternCounts) -> bool:
    """Whether one level has more than 85 % of the ratings of pairable items."""
    total = int(counts.marginals.sum())
    return total > 0 and int(counts.marginals.max()) > SKEW_SHARE * total


def has_low_variation(counts: PatternCounts) -> bool:
    """Skewed, with fewer than 30 items that carry another level: no interval is worth showing."""
    return is_skewed(counts) and counts.carrying_another_than(int(counts.marginals.argmax())) < SKEW_ITEMS


def no_interval_because(counts: PatternCounts) -> Reason | None:
    if counts.n_pairable == 1:
        return Reason.SINGLE_UNIT
    if has_low_variation(counts):
        return Reason.LOW_VARIATION
    if counts.n_groups == 1:
        return Reason.SINGLE_GROUP
    return None


def jackknife_variance(values: Floats, weight: Ints) -> float:
    """(G − 1)/G · Σ (y_(−g) − ȳ)², where each value may stand for several equal groups."""
    n = int(weight.sum())
    mean = float(values @ weight) / n
    return (n - 1) / n * float(((values - mean) ** 2) @ weight)


def is_telling(left_out: LeftOut) -> bool:
    """Whether the left-out values have a spread on log(1 − value): all defined, below 1 and not all the same."""
    return left_out.is_regular and float(np.ptp(left_out.value)) > SAME


def log_jackknife(value: float, left_out: LeftOut, extra_variance: float = 0.0) -> Interval:
    """A t interval on log(1 − value) with groups − 1 degrees of freedom, turned back and cut at −1."""
    logs = np.log1p(-left_out.value)
    se = math.sqrt(jackknife_variance(logs, left_out.weight) + extra_variance)
    reach = float(stdtrit(int(left_out.weight.sum()) - 1, LEVEL)) * se
    centre = math.log1p(-value)
    method = Method.JACKKNIFE_RANDOM_REVIEWERS if extra_variance else Method.JACKKNIFE
    low = 1 - math.exp(min(centre + reach, EXP_LIMIT))
    return Interval(max(low, min(-1.0, value)), 1 - math.exp(centre - reach), method)


def upper_share(x: int, n: int) -> float:
    """The Clopper–Pearson 97.5 % upper limit of x out of n."""
    return 1.0 if x >= n else float(betaincinv(x + 1, n - x, LEVEL))


def lower_share(x: int, n: int) -> float:
    return 0.0 if x <= 0 else float(betaincinv(x, n - x + 1, 1 - LEVEL))


def disagreement_bound(value: float, counts: PatternCounts, *, next_distance: float, chance: float) -> Interval:
    """The lower bound where the jackknife cannot work: one item carries everything, or nobody differs.

    Args:
        next_distance: the largest distance between neighbouring levels.
        chance: the mean distance expected by chance.
    """
    x, n = counts.n_disagreeing, counts.n_pairable
    share = upper_share(x, n)
    low = 1 - (1 - value) * share * n / x if x else 1 - share * next_distance / chance
    return Interval(max(low, min(-1.0, value)), 1.0, Method.BOUND)


def proportion(share: float, left_out: Floats, weight: Ints, n_carrying: int) -> Interval:
    """Wilson's interval with the effective number of trials that the group jackknife implies.

    At 0 and at 1 the jackknife sees no variance; there the exact binomial limits over the groups that carry the
    level are used.
    """
    variance = jackknife_variance(left_out, weight) if len(left_out) > 1 else 0.0
    if variance <= 0 or not 0 < share < 1:
        hits = round(share * n_carrying)
        return Interval(lower_share(hits, n_carrying), upper_share(hits, n_carrying), Method.PROPORTION)
    z = float(stdtrit(max(int(weight.sum()) - 1, 1), LEVEL))
    n = share * (1 - share) / variance
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(middle - reach, 0.0), min(middle + reach, 1.0), Method.PROPORTION)
