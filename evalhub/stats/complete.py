"""Figures that need every reviewer to have rated every item: intraclass correlations and Kendall's W."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import fdtri

from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Interval, Method, Reason
from evalhub.stats.intervals import LEVEL
from evalhub.stats.ratings import Ratings


class IccForm(StrEnum):
    """Shrout and Fleiss' six: 1 = other reviewers for each item, 2 = random, 3 = fixed; of one rating or of k."""

    ONE_SINGLE = "ICC(1,1)"
    TWO_SINGLE = "ICC(2,1)"
    THREE_SINGLE = "ICC(3,1)"
    ONE_MEAN = "ICC(1,k)"
    TWO_MEAN = "ICC(2,k)"
    THREE_MEAN = "ICC(3,k)"

    @property
    def model(self) -> str:
        return self.value[4]

    @property
    def is_of_mean(self) -> bool:
        return self in (IccForm.ONE_MEAN, IccForm.TWO_MEAN, IccForm.THREE_MEAN)


@dataclass(frozen=True, slots=True)
class _Squares:
    """Mean squares of the two-way table: between items, between reviewers, residual, within items."""

    n: int
    k: int
    items: float
    reviewers: float
    residual: float
    within: float


def icc(ratings: Ratings, form: IccForm) -> Figure:
    """An intraclass correlation of numbers, with the interval from the F distribution.

    Undefined unless every reviewer rated every item, and without variation.

    Source: Shrout and Fleiss (1979); McGraw and Wong (1996) for the intervals.
    """
    counts = PatternCounts.of(ratings)
    table = complete_table(ratings)
    reason = _undefined(counts, table)
    if table is None or reason is not None:
        return figure(counts, None, because=reason)
    squares = _mean_squares(table)
    if squares.items + squares.within <= 0:
        return figure(counts, None, because=Reason.NO_VARIATION)
    value = _single(squares, form.model)
    low, high = _bounds(squares, form.model, value)
    if form.is_of_mean:
        value, low, high = (_of_mean(part, squares.k) for part in (value, low, high))
    if not np.isfinite([value, low, high]).all():
        return figure(counts, float(value) if np.isfinite(value) else None, because=Reason.PERFECT_AGREEMENT)
    return figure(counts, value, Interval(low, high, Method.F_TEST))


def kendall_w(ratings: Ratings) -> Figure:
    """Kendall's coefficient of concordance with the correction for ties; a point without an interval.

    Undefined unless every reviewer rated every item, and when every reviewer gives one level only.

    Source: Kendall and Babington Smith (1939).
    """
    counts = PatternCounts.of(ratings)
    table = complete_table(ratings)
    reason = _undefined(counts, table)
    if table is None or reason is not None:
        return figure(counts, None, because=reason)
    n, k = table.shape
    ranks = np.apply_along_axis(_mid_ranks, 0, table)
    spread = float(((ranks.sum(axis=1) - k * (n + 1) / 2) ** 2).sum())
    ties = sum(
        float((times**3 - times).sum()) for times in (np.unique(column, return_counts=True)[1] for column in table.T)
    )
    room = k**2 * (n**3 - n) - k * ties
    if room <= 0:
        return figure(counts, None, because=Reason.NO_VARIATION)
    return figure(counts, 12 * spread / room)


def complete_table(ratings: Ratings) -> Floats | None:
    """Items × reviewers as numbers, or None where a cell is missing."""
    units, unit_of = np.unique(ratings.unit, return_inverse=True)
    raters, rater_of = np.unique(ratings.rater, return_inverse=True)
    if len(ratings) != len(units) * len(raters):
        return None
    table = np.empty((len(units), len(raters)))
    table[unit_of.reshape(-1), rater_of.reshape(-1)] = ratings.numbers()
    return table


def _undefined(counts: PatternCounts, table: Floats | None) -> Reason | None:
    if counts.n_pairable == 0:
        return Reason.NO_PAIRABLE_UNITS
    if table is None:
        return Reason.NEEDS_COMPLETE_PANEL
    return Reason.SINGLE_UNIT if len(table) < 2 else None


def _mean_squares(table: Floats) -> _Squares:
    n, k = table.shape
    grand = table.mean()
    items = k * float(((table.mean(axis=1) - grand) ** 2).sum())
    reviewers = n * float(((table.mean(axis=0) - grand) ** 2).sum())
    total = float(((table - grand) ** 2).sum())
    return _Squares(
        n=n,
        k=k,
        items=items / (n - 1),
        reviewers=reviewers / (k - 1),
        residual=max(total - items - reviewers, 0.0) / ((n - 1) * (k - 1)),
        within=(total - items) / (n * (k - 1)),
    )


def _single(s: _Squares, model: str) -> float:
    if model == "1":
        return (s.items - s.within) / (s.items + (s.k - 1) * s.within)
    if model == "2":
        return (s.items - s.residual) / (s.items + (s.k - 1) * s.residual + s.k * (s.reviewers - s.residual) / s.n)
    return (s.items - s.residual) / (s.items + (s.k - 1) * s.residual)


def _bounds(s: _Squares, model: str, value: float) -> tuple[float, float]:
    error = s.within if model == "1" else s.residual
    if error <= 0:
        return float("nan"), float("nan")
    if model == "2":
        return _bounds_of_random_reviewers(s, value)
    df = s.n * (s.k - 1) if model == "1" else (s.n - 1) * (s.k - 1)
    ratio = s.items / error
    low = ratio / fdtri(s.n - 1, df, LEVEL)
    high = ratio * fdtri(df, s.n - 1, LEVEL)
    return float((low - 1) / (low + s.k - 1)), float((high - 1) / (high + s.k - 1))


def _bounds_of_random_reviewers(s: _Squares, value: float) -> tuple[float, float]:
    n, k, ratio = s.n, s.k, s.reviewers / s.residual
    inner = n * (1 + (k - 1) * value) - k * value
    df = (k - 1) * (n - 1) * (k * value * ratio + inner) ** 2 / ((n - 1) * (k * value * ratio) ** 2 + inner**2)
    upper, lower = fdtri(n - 1, df, LEVEL), fdtri(df, n - 1, LEVEL)
    rest = k * s.reviewers + (k * n - k - n) * s.residual
    low = n * (s.items - upper * s.residual) / (upper * rest + n * s.items)
    high = n * (lower * s.items - s.residual) / (rest + n * lower * s.items)
    return float(low), float(high)


def _of_mean(single: float, k: int) -> float:
    divisor = 1 + (k - 1) * single
    return k * single / divisor if divisor > 0 else float("nan")


def _mid_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks
