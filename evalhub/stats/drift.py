"""Whether agreement, and how strict each reviewer is, change from week to week or from batch to batch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from evalhub.errors import BadInput
from evalhub.stats.bootstrap import SEED
from evalhub.stats.counts import unit_table
from evalhub.stats.drift_periods import Items, raised_periods
from evalhub.stats.drift_reviewers import ReviewerPeriod, reviewer_periods
from evalhub.stats.figure import Figure, Floats, Ints
from evalhub.stats.merge import merged_ratings
from evalhub.stats.multiple import benjamini_hochberg
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Distance, Scale, distance, mid_ranks

__all__ = ["Drift", "Period", "ReviewerPeriod", "drift"]

FALSE_DISCOVERY = 0.05
MIXED = 0.1
MIN_EXPECTED = 1.0


@dataclass(frozen=True, slots=True)
class Period:
    """Agreement in one period, with the distances of all periods together.

    `disagreement` is the mean distance of two ratings of an item as a multiple of what chance gives over all periods
    (1 = as by chance); None where no item was rated twice or only one level occurs at all. `is_provisional` marks the
    last period, whose items may still get ratings. `changed_mix` says that the items are of another mix than those of
    the other periods, so that the figures are not comparable; `mix_p` is None where no mix was given.
    """

    period: int
    n_items: int
    n_pairable: int
    alpha: Figure
    disagreement: float | None
    is_raised: bool
    is_provisional: bool
    changed_mix: bool
    mix_p: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """The periods in their order, and the reviewers in each of them (none on nominal scales)."""

    periods: tuple[Period, ...]
    reviewers: tuple[ReviewerPeriod, ...]
    seed: int


def drift(
    ratings: Ratings,
    period: ArrayLike,
    *,
    scale: Scale,
    values: Floats | None = None,
    mix: ArrayLike | None = None,
    false_discovery: float = FALSE_DISCOVERY,
    seed: int = SEED,
) -> Drift:
    """Compare each period with all others.

    An item belongs to the period in which its last reviewer finished. A period is raised when its alpha differs from
    that of the other periods (groups shuffled over the periods, or the group jackknife in large sets;
    Benjamini–Hochberg over the periods) and its mean disagreement moves the same way: alpha alone also falls when the
    items become more alike. Periods of fewer than ten groups are shown but not judged, and with one period nothing is.

    Args:
        period, mix: one entry a rating; `mix` is a code of the item's category, such as its model and tags.
        seed: of the shuffles.

    Raises:
        BadInput: an item lies in two periods or in two categories, or the lengths differ.
    """
    joined, metric = merged_ratings(ratings, scale, values)
    units, place, counts = unit_table(joined)
    labels, period_of = np.unique(_of_items("period", period, place, units), return_inverse=True)
    period_of = period_of.reshape(-1)
    group = np.zeros(len(units), dtype=np.int64)
    group[place] = np.unique(joined.group, return_inverse=True)[1].reshape(-1)
    items = Items.of(counts, group, period_of, _pooled(metric, counts))
    raised = raised_periods(items, len(labels), false_discovery=false_discovery, seed=seed)
    periods = _periods(items, labels, _reviewers_of_periods(joined, period_of[place]), raised)
    if mix is not None:
        periods = _with_mix(periods, period_of, _of_items("mix", mix, place, units), false_discovery)
    if scale is Scale.NOMINAL:
        return Drift(periods, (), seed)
    reviewers = reviewer_periods(joined, period_of[place], false_discovery)
    return Drift(periods, tuple(replace(found, period=int(labels[found.period])) for found in reviewers), seed)


def _of_items(name: str, column: ArrayLike, place: Ints, units: Ints) -> Ints:
    """The entry of each item, given one a rating."""
    given = np.asarray(column, dtype=np.int64).reshape(-1)
    if len(given) != len(place):
        raise BadInput(f"{name} must have one entry a rating: {len(place)}, not {len(given)}", code="schema")
    of_item = np.zeros(len(units), dtype=np.int64)
    of_item[place] = given
    split = np.flatnonzero(of_item[place] != given)
    if len(split):
        at = split[0]
        both = f"{given[at]} and {of_item[place[at]]}"
        raise BadInput(f"unit {units[place[at]]} has two entries of {name}, {both}; give it one", code="schema")
    return of_item


def _pooled(metric: Distance, counts: Ints) -> Distance:
    """The distance that stays the same in every part of the items: ordinal ranks become numbers."""
    if metric.scale is not Scale.ORDINAL:
        return metric
    ranks = mid_ranks(counts[counts.sum(axis=1) > 1].sum(axis=0).astype(np.float64))
    return distance(Scale.INTERVAL, counts.shape[1], ranks)


def _reviewers_of_periods(ratings: Ratings, period: Ints) -> Ints:
    raters, rater = np.unique(ratings.rater, return_inverse=True)
    return np.bincount(np.unique(period * len(raters) + rater.reshape(-1)) // max(len(raters), 1))


def _periods(items: Items, labels: Ints, n_reviewers: Ints, raised: set[int]) -> tuple[Period, ...]:
    n = items.counts.marginals.astype(np.float64)
    pairs = float(n.sum() * (n.sum() - 1))
    chance = float(n @ items.metric.matrix(n) @ n) / pairs if pairs else 0.0
    sides = [items.only(items.period == at) for at in range(len(labels))]
    return tuple(
        Period(
            period=int(labels[at]),
            n_items=side.counts.n_items,
            n_pairable=side.counts.n_pairable,
            alpha=replace(side.alpha, n_reviewers=int(n_reviewers[at])),
            disagreement=side.mean_distance / chance if side.mean_distance is not None and chance > 0 else None,
            is_raised=at in raised,
            is_provisional=at == len(labels) - 1,
            changed_mix=False,
            mix_p=None,
        )
        for at, side in enumerate(sides)
    )


def _with_mix(periods: tuple[Period, ...], period: Ints, mix: Ints, false_discovery: float) -> tuple[Period, ...]:
    """Mark the periods whose mix differs from that of the others: by a tenth of the items, and by more than chance."""
    if len(periods) < 2:
        return periods
    categories, category = np.unique(mix, return_inverse=True)
    table = np.bincount(period * len(categories) + category.reshape(-1), minlength=len(periods) * len(categories))
    table = table.reshape(len(periods), len(categories))
    tests = [_mix_test(own, table.sum(axis=0) - own) for own in table]
    adjusted = benjamini_hochberg([p_value for p_value, _ in tests])
    return tuple(
        replace(found, mix_p=p_value, changed_mix=bool(q_value <= false_discovery and moved >= MIXED))
        for found, (p_value, moved), q_value in zip(periods, tests, adjusted, strict=True)
    )


def _mix_test(own: Ints, rest: Ints) -> tuple[float, float]:
    """The p-value of Pearson's chi-square over two rows, and their total variation; rare categories count as one."""
    both = own + rest
    expected = np.outer([own.sum(), rest.sum()], both) / both.sum()
    is_rare = expected.min(axis=0) < MIN_EXPECTED
    seen = np.vstack([own, rest]).astype(np.float64)
    joined, fitted = (
        np.hstack([table[:, ~is_rare], table[:, is_rare].sum(axis=1, keepdims=True)]) for table in (seen, expected)
    )
    gap = np.divide((joined - fitted) ** 2, fitted, out=np.zeros_like(fitted), where=fitted > 0)
    df = int((fitted.sum(axis=0) > 0).sum()) - 1
    moved = float(np.abs(own / own.sum() - rest / rest.sum()).sum() / 2)
    return (float(chdtrc(df, gap.sum())) if df else 1.0), moved
