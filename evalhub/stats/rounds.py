"""Before and after: whether a revised rubric is read more alike, on the same items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalhub.stats.alpha import alpha, figure
from evalhub.stats.bootstrap import MAX_LEVELS, MAX_UNDEFINED, REPLICATES, SEED
from evalhub.stats.counts import PatternCounts, unit_table
from evalhub.stats.figure import Figure, Floats, Ints, Method, Reason
from evalhub.stats.merge import merged_ratings
from evalhub.stats.ratings import Ratings
from evalhub.stats.resampling import (
    MIN_GROUPS,
    GroupKinds,
    alphas_of_sums,
    chunks,
    distinct_groups,
    expanded_percentiles,
)
from evalhub.stats.scale import Distance, Scale


@dataclass(frozen=True, slots=True)
class Change:
    """Alpha before and after on the items that both hold, and the difference (after − before).

    The difference is undefined with the reason of the alpha that is, and without an interval for the same reasons
    as the alphas: their own intervals must not be compared instead, because the items are the same.
    """

    before: Figure
    after: Figure
    difference: Figure
    n_shared_items: int
    seed: int
    replicates: int


@dataclass(frozen=True, eq=False)
class _Round:
    """One round's ratings of the shared items; `table` is (units, levels), units in ascending order."""

    ratings: Ratings
    metric: Distance
    table: Ints
    figure: Figure

    @classmethod
    def of(cls, ratings: Ratings, units: Ints, scale: Scale, values: Floats | None) -> _Round:
        shared = ratings.only(np.isin(ratings.unit, units))
        joined, metric = merged_ratings(shared, scale, values)
        shown = alpha(PatternCounts.of(joined), scale=scale, values=metric.values)
        return cls(joined, metric, unit_table(joined)[2], shown)


def change_of_alpha(
    before: Ratings,
    after: Ratings,
    *,
    scale: Scale,
    values_before: Floats | None = None,
    values_after: Floats | None = None,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> Change:
    """How alpha changed between two rounds on the same items.

    Only items with two ratings in both enter. The groups of `before` are drawn with replacement, the same in both
    rounds, and the percentiles of the differences are expanded: plain and BCa percentiles cover .91 to .95 with the
    20 to 40 items of a round, these .93 to .97.

    Args:
        before, after: the same ids name the same units; the numbers of levels may differ.
        values_before, values_after: what the levels stand for (default: those of the ratings, else ranks).
    """
    units = np.intersect1d(_pairable(before), _pairable(after))
    first = _Round.of(before, units, scale, values_before)
    second = _Round.of(after, units, scale, values_after)
    difference = _difference(first, second, seed, replicates) if len(units) else _none_shared(first)
    return Change(first.figure, second.figure, difference, len(units), seed, replicates)


def _pairable(ratings: Ratings) -> Ints:
    units, n = np.unique(ratings.unit, return_counts=True)
    return units[n >= 2]


def _none_shared(first: _Round) -> Figure:
    return figure(PatternCounts.of(first.ratings), None, because=Reason.NO_SHARED_ITEMS)


def _difference(first: _Round, second: _Round, seed: int, replicates: int) -> Figure:
    both = _joint_counts(first, second)
    before, after = first.figure, second.figure
    if before.value is None:
        return figure(both, None, because=before.undefined_because)
    if after.value is None:
        return figure(both, None, because=after.undefined_because)
    value = after.value - before.value
    because = _no_interval_because(first, second)
    if because is not None:
        return figure(both, value, because=because)
    drawn = _differences(both, first, second, seed, replicates)
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < (1 - MAX_UNDEFINED) * replicates:
        return figure(both, value, because=Reason.UNSTABLE_REPLICATES)
    return figure(both, value, expanded_percentiles(defined, both.n_groups, Method.JOINT_BOOTSTRAP))


def _joint_counts(first: _Round, second: _Round) -> PatternCounts:
    """Patterns that hold the levels of both rounds side by side, with the groups of the first."""
    units, position, _ = unit_table(first.ratings)
    group = np.empty(len(units), dtype=np.int64)
    group[position] = first.ratings.group
    n_raters = len(np.union1d(first.ratings.rater, second.ratings.rater))
    return PatternCounts.from_unit_counts(np.hstack([first.table, second.table]), group=group, n_raters=n_raters)


def _no_interval_because(first: _Round, second: _Round) -> Reason | None:
    shown = (first.figure, second.figure)
    reasons = [one.undefined_because for one in shown if one.undefined_because is not None]
    if reasons:
        return Reason.ONE_ROUND_PERFECT if reasons[0] is Reason.PERFECT_AGREEMENT else reasons[0]
    if any(one.method is not Method.JACKKNIFE for one in shown):
        return Reason.RESTS_ON_ONE_ITEM
    if first.figure.n_groups < MIN_GROUPS:
        return Reason.TOO_FEW_GROUPS
    if max(first.ratings.n_levels, second.ratings.n_levels) > MAX_LEVELS:
        return Reason.TOO_MANY_VALUES
    return None


def _differences(both: PatternCounts, first: _Round, second: _Round, seed: int, replicates: int) -> Floats:
    """The difference of each replicate, both rounds from the same draw."""
    members, weight = distinct_groups(both)
    n_levels = first.ratings.n_levels
    before = GroupKinds.of_members(members, both.patterns[:, :n_levels], weight)
    after = GroupKinds.of_members(members, both.patterns[:, n_levels:], weight)
    rng = np.random.default_rng(seed)
    found = []
    for size in chunks(replicates, max(len(weight), both.n_levels**2)):
        drawn = before.draw(rng, before.n_groups, size)
        of_before = alphas_of_sums(drawn @ before.pairs, drawn @ before.marginals, first.metric)
        found.append(alphas_of_sums(drawn @ after.pairs, drawn @ after.marginals, second.metric) - of_before)
    return np.concatenate(found)
