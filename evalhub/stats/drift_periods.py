"""In which periods the reviewers agreed less, or more, than in the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtr, stdtrit

from evalhub.stats.alpha import alpha
from evalhub.stats.counts import Cells, PatternCounts, distinct_rows
from evalhub.stats.figure import Bools, Figure, Floats, Ints, Method
from evalhub.stats.intervals import LEVEL
from evalhub.stats.leave_out import within_by_matrix
from evalhub.stats.multiple import benjamini_hochberg
from evalhub.stats.scale import Distance

SHUFFLES = 2_000
MAX_SHUFFLED = 20_000
CHUNK_CELLS = 4_000_000
MIN_GROUPS = 10
MIN_GROUPS_OF_JACKKNIFE = 50
SAME = 1e-12
DIGITS = 6


@dataclass(frozen=True, eq=False)
class Items:
    """How many items of each pattern each group has in each period, with the distance that holds in all of them.

    The rows `period`, `group`, `pattern` and `n` are sorted by group, or by period where every item is its own group
    and `group` is None.
    """

    patterns: Ints
    period: Ints
    group: Ints | None
    pattern: Ints
    n: Ints
    metric: Distance

    @classmethod
    def of(cls, counts: Ints, group: Ints, period: Ints, metric: Distance) -> Items:
        """From a table of items × levels; periods and groups count from 0."""
        patterns, pattern_of = distinct_rows(counts)
        n_patterns, n_periods = max(len(patterns), 1), int(period.max(initial=0)) + 1
        is_grouped = len(np.unique(group)) < len(group)
        place = group * n_periods + period if is_grouped else period
        key, n = np.unique(place * n_patterns + pattern_of, return_counts=True)
        place = key // n_patterns
        groups = place // n_periods if is_grouped else None
        return cls(patterns, place % n_periods, groups, key % n_patterns, n, metric)

    def only(self, keep: Bools) -> Items:
        group = None if self.group is None else self.group[keep]
        return Items(self.patterns, self.period[keep], group, self.pattern[keep], self.n[keep], self.metric)

    @cached_property
    def counts(self) -> PatternCounts:
        """The pattern counts of all rows; patterns that no item shows are left out."""
        n_units = np.bincount(self.pattern, weights=self.n, minlength=len(self.patterns)).astype(np.int64)
        is_shown = n_units > 0
        cells = None
        if self.group is not None:
            cells = Cells(self.group, (np.cumsum(is_shown) - 1)[self.pattern], self.n)
        return PatternCounts(self.patterns[is_shown], n_units[is_shown], cells)

    @cached_property
    def alpha(self) -> Figure:
        return alpha(self.counts, scale=self.metric.scale, values=self.metric.values)

    @cached_property
    def mean_distance(self) -> float | None:
        """The mean distance of two ratings of an item; None where no item was rated twice."""
        n = self.counts.marginals.astype(np.float64)
        observed = float((self.counts.coincidences * self.metric.matrix(n)).sum())
        return observed / float(n.sum()) if self.counts.n_pairable else None

    def blocks(self) -> tuple[Ints, Floats]:
        """The groups within a period, in the order of periods: the period, and distances and levels of its ratings.

        Returns:
            Shapes (blocks,) and (blocks, 1 + levels).
        """
        delta = self.metric.matrix(self.counts.marginals.astype(np.float64))
        rows = np.column_stack([within_by_matrix(self.patterns, delta), self.patterns])[self.pattern]
        if self.group is None:
            return np.repeat(self.period, self.n), np.repeat(rows, self.n, axis=0)
        n_groups = int(self.group.max(initial=0)) + 1
        blocks, block_of = np.unique(self.period * n_groups + self.group, return_inverse=True)
        sums = [np.bincount(block_of.reshape(-1), weights=self.n * column) for column in rows.T]
        return np.asarray(blocks // n_groups, dtype=np.int64), np.array(sums, dtype=np.float64).T


def raised_periods(items: Items, n_periods: int, *, false_discovery: float, seed: int) -> set[int]:
    """The periods whose alpha and disagreement differ from those of the others by more than chance.

    The one that lies farthest out is raised first and no longer counts among the others, or else one bad week would
    make the good ones look changed; of two periods that differ from each other it is the later one.
    """
    raised: set[int] = set()
    pairable = items.only(items.patterns[items.pattern].sum(axis=1) > 1)
    p_value, strength = np.full((2, n_periods), np.nan)
    while len(raised) < n_periods - 1:
        left = np.setdiff1d(np.arange(n_periods), list(raised))
        judged = _judged(pairable.only(np.isin(pairable.period, left)), n_periods, seed)
        p_value[left], strength[left] = judged[:, left]
        tested = np.flatnonzero(~np.isnan(p_value))
        q_value = benjamini_hochberg(p_value[tested])
        new = [int(at) for at in tested[q_value <= false_discovery] if at not in raised]
        if not new:
            break
        raised.add(max(new, key=lambda at: (round(float(strength[at]), DIGITS), at)))
    return raised


def _judged(items: Items, n_periods: int, seed: int) -> Floats:
    """How well chance explains each period's difference from the others, and how many standard errors it makes.

    Up to 20,000 numbers (groups × levels) the groups are shuffled over the periods, which is exact when nothing
    changed, however few they are; beyond, the t test of log(1 − alpha) with the errors of the group jackknife, which
    needs more of them.

    Returns:
        P-values and strengths, shape (2, periods); NaN where too little is known.
    """
    period, sums = items.blocks()
    sizes = np.bincount(period, minlength=n_periods)
    is_small = sums.size <= MAX_SHUFFLED
    enough = MIN_GROUPS if is_small else MIN_GROUPS_OF_JACKKNIFE
    judged = (sizes >= enough) & (len(period) - sizes >= enough)
    found = np.full((2, n_periods), np.nan)
    if is_small and judged.any():
        found[:, sizes > 0] = _by_shuffling(sums, sizes[sizes > 0], items.metric, seed)
        return np.where(judged, found, np.nan)
    for at in np.flatnonzero(judged):
        found[:, at] = _by_jackknife(items.only(items.period == at), items.only(items.period != at))
    return found


def _by_shuffling(sums: Floats, sizes: Ints, metric: Distance, seed: int) -> Floats:
    """The share of shuffles in which a period differs at least as much; one with an undefined alpha counts as such."""
    rng = np.random.default_rng(seed)
    delta = metric.matrix(sums[:, 1:].sum(axis=0))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    seen = _differences(np.add.reduceat(sums, starts, axis=0), delta)
    as_much, squares = np.zeros((2, len(sizes)))
    step = max(1, CHUNK_CELLS // sums.size)
    for start in range(0, SHUFFLES, step):
        order = np.tile(np.arange(len(sums)), (min(step, SHUFFLES - start), 1))
        drawn = _differences(np.add.reduceat(sums[rng.permuted(order, axis=1)], starts, axis=1), delta)
        as_much += (~(drawn < seen - SAME)).sum(axis=0)
        squares += np.nansum(drawn**2, axis=0)
    spread = np.sqrt(squares / SHUFFLES)
    strength = np.divide(seen, spread, out=np.zeros(len(seen)), where=spread > 0)
    return np.where(np.isnan(seen), np.nan, [(1 + as_much) / (1 + SHUFFLES), strength])


def _differences(own: Floats, delta: Floats) -> Floats:
    """How far alpha lies from that of the other periods, where disagreement moves the same way, else 0; NaN undefined.

    Args:
        own: the sums of each period, shape (…, periods, 1 + levels).
    """
    rest = own.sum(axis=-2, keepdims=True) - own
    (alpha_here, mean_here), (alpha_there, mean_there) = (_alpha_and_mean(side, delta) for side in (own, rest))
    apart, gap = alpha_here - alpha_there, mean_here - mean_there
    moves_one_way = (apart * gap < 0) & (np.abs(gap) > SAME * (mean_here + mean_there))
    return np.where(moves_one_way | np.isnan(apart), np.abs(apart), 0.0)


def _alpha_and_mean(sums: Floats, delta: Floats) -> tuple[Floats, Floats]:
    observed, n = sums[..., 0], sums[..., 1:]
    chance = ((n @ delta) * n).sum(axis=-1)
    total = n.sum(axis=-1)
    ratio = np.divide((total - 1) * observed, chance, out=np.full(chance.shape, np.nan), where=chance > 0)
    return 1 - ratio, np.divide(observed, total, out=np.zeros(chance.shape), where=total > 0)


def _by_jackknife(own: Items, rest: Items) -> tuple[float, float]:
    figures = (own.alpha, rest.alpha)
    if any(figure.method is not Method.JACKKNIFE for figure in figures):
        return np.nan, np.nan
    apart = figures[0].value - figures[1].value  # type: ignore[operator] # both have an interval
    if apart * (own.mean_distance - rest.mean_distance) >= 0:  # type: ignore[operator]
        return 1.0, 0.0
    logs, variances, df = np.array([_on_log_scale(figure) for figure in figures]).T
    variance = variances.sum()
    welch = variance**2 / (variances**2 / df).sum()
    t = abs(logs[0] - logs[1]) / np.sqrt(variance)
    return float(2 * stdtr(welch, -t)), float(t)


def _on_log_scale(figure: Figure) -> tuple[float, float, int]:
    """log(1 − alpha), its variance and degrees of freedom: the interval is symmetrical there."""
    df = figure.n_groups - 1
    centre, lowest = np.log1p(-figure.value), np.log1p(-figure.ci_high)  # type: ignore[operator] # has an interval
    return float(centre), float((centre - lowest) / stdtrit(df, LEVEL)) ** 2, df
