"""Agreement of two reviewers, and of all pairs of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts, unit_table
from evalhub.stats.figure import Figure, Floats, Ints, Reason
from evalhub.stats.left_out_groups import with_group_interval
from evalhub.stats.numbering import numbered, span
from evalhub.stats.ratings import Ratings
from evalhub.stats.weights import Weights

RANGE_ROWS = 500_000
MAX_RANGES = 40
DENSE = 100


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Weighted kappa of two reviewers over the items that both rated; None without variation or shared items."""

    rater_a: int
    rater_b: int
    n_items: int
    kappa: float | None
    agreement: float | None


def cohen_kappa(ratings: Ratings, weights: Weights = Weights.IDENTITY) -> Figure:
    """Cohen's weighted kappa, for exactly two reviewers.

    Undefined without a shared item, or when both give one and the same level only.

    Source: Cohen (1960, 1968).
    """
    return _of_two(ratings, weights, each_has_own_marginals=True)


def scott_pi(ratings: Ratings, weights: Weights = Weights.IDENTITY) -> Figure:
    """Scott's pi, for exactly two reviewers: chance agreement from their pooled use of levels.

    Source: Scott (1955).
    """
    return _of_two(ratings, weights, each_has_own_marginals=False)


def pairwise_kappas(ratings: Ratings, weights: Weights = Weights.QUADRATIC) -> tuple[PairAgreement, ...]:
    """Weighted kappa of every pair of reviewers who share an item, in the order of their ids."""
    raters, tables = pair_tables(ratings)
    weight = weights.matrix(ratings.n_levels, ratings.values)
    first, second = np.triu_indices(len(raters), k=1)
    found = tables[first, second]
    kappa = _kappa(found.reshape(len(found), ratings.n_levels**2), weight, each_has_own_marginals=True)
    n = found.sum(axis=(1, 2))
    agreeing = (found * weight).sum(axis=(1, 2))
    return tuple(
        PairAgreement(
            rater_a=int(raters[a]),
            rater_b=int(raters[b]),
            n_items=int(n[at]),
            kappa=None if np.isnan(kappa[at]) else float(kappa[at]),
            agreement=float(agreeing[at] / n[at]),
        )
        for at, (a, b) in enumerate(zip(first, second, strict=True))
        if n[at]
    )


def light_kappa(ratings: Ratings, weights: Weights = Weights.IDENTITY) -> Figure:
    """The mean of Cohen's kappa over all pairs of reviewers; a point without an interval.

    Undefined where some pair's kappa is, or where not every pair shares items.

    Source: Light (1971).
    """
    counts = PatternCounts.of(ratings)
    if counts.n_pairable == 0:
        return figure(counts, None, because=Reason.NO_PAIRABLE_UNITS)
    pairs = pairwise_kappas(ratings, weights)
    n = ratings.n_reviewers
    if len(pairs) < n * (n - 1) // 2:
        return figure(counts, None, because=Reason.NEEDS_SHARED_PAIRS)
    kappas = [pair.kappa for pair in pairs if pair.kappa is not None]
    if len(kappas) < len(pairs):
        return figure(counts, None, because=Reason.NO_VARIATION)
    return figure(counts, float(np.mean(kappas)))


def conger_kappa(ratings: Ratings, weights: Weights = Weights.IDENTITY) -> Figure:
    """Conger's kappa: like Fleiss', but each reviewer draws from their own shares of levels.

    Source: Conger (1980); with missing ratings Gwet (2014).
    """
    counts = PatternCounts.of(ratings)
    if counts.n_pairable == 0:
        return figure(counts, None, because=Reason.NO_PAIRABLE_UNITS)
    units, unit_of, by_unit = unit_table(ratings)
    raters, rater_of = numbered(ratings.rater)
    weight = weights.matrix(ratings.n_levels, ratings.values)
    m = by_unit.sum(axis=1)
    agreement = np.where(m > 1, (by_unit * (by_unit @ weight - 1)).sum(axis=1) / np.maximum(m * (m - 1), 1), 0.0)
    column = 2 + rater_of * ratings.n_levels + ratings.level
    parts = csr_matrix(
        (
            np.concatenate([agreement, (m > 1).astype(np.float64), np.ones(len(ratings))]),
            (
                np.concatenate([np.arange(len(units)), np.arange(len(units)), unit_of]),
                np.concatenate([np.zeros(len(units)), np.ones(len(units)), column]).astype(np.int64),
            ),
        ),
        shape=(len(units), 2 + len(raters) * ratings.n_levels),
    )
    group = np.empty(len(units), dtype=np.int64)
    group[unit_of] = ratings.group
    return with_group_interval(counts, parts, group, lambda total: _conger(total, weight, len(raters)))


def pair_tables(ratings: Ratings) -> tuple[Ints, Floats]:
    """The reviewers and, for each two of them, how often they gave each two levels to one item.

    Shape (raters, raters, levels, levels): one product for all pairs, a range of items at a time.
    """
    raters, rater_of = numbered(ratings.rater)
    n_levels, width = ratings.n_levels, len(raters) * ratings.n_levels
    together = np.zeros((width, width))
    for rows, place, n_places in _by_range(ratings.unit):
        column = rater_of[rows] * n_levels + ratings.level[rows]
        together += _together(place, column, (n_places, width))
    square = together.reshape(len(raters), n_levels, len(raters), n_levels)
    return raters, square.transpose(0, 2, 1, 3)


def _by_range(unit: Ints) -> Iterator[tuple[Ints, Ints, int]]:
    """The rows of one range of units after another, each row's place in the range, and how many places it has."""
    if not len(unit):
        return
    if span(unit) > len(unit):
        unit = numbered(unit)[1]
    first, end = int(unit.min()), int(unit.max()) + 1
    n_ranges = min(MAX_RANGES, len(unit) // RANGE_ROWS + 1)
    per_range = -(-(end - first) // n_ranges)
    for start in range(first, end, per_range):
        rows = np.flatnonzero((unit >= start) & (unit < start + per_range))
        yield rows, unit[rows] - start, min(per_range, end - start)


def _together(row: Ints, column: Ints, shape: tuple[int, int]) -> Floats:
    """The columns that occur in one row, counted: Gᵀ·G for the table G of ones, shape (columns, columns).

    Where most reviewers rated most items a dense product takes a fifth of the time of a sparse one; up to 2²⁴ it counts
    exactly in 32 bits.
    """
    if shape[0] * shape[1] ** 2 > DENSE * int((np.bincount(row, minlength=shape[0]) ** 2).sum()):
        given = csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
        return np.asarray((given.T @ given).toarray())
    table = np.zeros(shape, dtype=np.float32)
    table.reshape(-1)[row * shape[1] + column] = 1
    return np.asarray(table.T @ table, dtype=np.float64)


def _of_two(ratings: Ratings, weights: Weights, *, each_has_own_marginals: bool) -> Figure:
    counts = PatternCounts.of(ratings)
    if counts.n_pairable == 0:
        return figure(counts, None, because=Reason.NO_PAIRABLE_UNITS)
    raters = np.unique(ratings.rater)
    if len(raters) != 2:
        return figure(counts, None, because=Reason.NEEDS_TWO_REVIEWERS)
    one, other = (ratings.only(ratings.rater == rater) for rater in raters)
    shared, at_one, at_other = np.intersect1d(one.unit, other.unit, return_indices=True)
    cell = one.level[at_one] * ratings.n_levels + other.level[at_other]
    parts = csr_matrix((np.ones(len(shared)), (np.arange(len(shared)), cell)), shape=(len(shared), ratings.n_levels**2))
    weight = weights.matrix(ratings.n_levels, ratings.values)
    return with_group_interval(
        counts,
        parts,
        one.group[at_one],
        lambda total: _kappa(total, weight, each_has_own_marginals=each_has_own_marginals),
    )


def _kappa(total: Floats, weight: Floats, *, each_has_own_marginals: bool) -> Floats:
    """Kappa of flattened tables, shape (…, levels²); NaN without items or room above chance."""
    table = total.reshape(*total.shape[:-1], len(weight), len(weight))
    n = table.sum(axis=(-2, -1), keepdims=True)
    share = np.divide(table, n, out=np.full(table.shape, np.nan), where=np.broadcast_to(n > 0, table.shape))
    rows, columns = share.sum(axis=-1), share.sum(axis=-2)
    if not each_has_own_marginals:
        rows = columns = (rows + columns) / 2
    chance = ((rows @ weight) * columns).sum(axis=-1)
    observed = (share * weight).sum(axis=(-2, -1))
    return _above_chance(observed, chance)


def _conger(total: Floats, weight: Floats, n_raters: int) -> Floats:
    given = total[..., 2:].reshape(*total.shape[:-1], n_raters, len(weight))
    n = given.sum(axis=-1, keepdims=True)
    share = np.divide(given, n, out=np.zeros(given.shape), where=np.broadcast_to(n > 0, given.shape))
    active = (n[..., 0] > 0).sum(axis=-1)
    mean = share.sum(axis=-2) / np.maximum(active, 1)[..., None]
    products = np.einsum("...rk,...rl->...kl", share, share)
    outer = mean[..., :, None] * mean[..., None, :]
    r = active[..., None, None]
    spread = (products - r * outer) / np.maximum(r - 1, 1)
    chance = (weight * (outer - spread / np.maximum(r, 1))).sum(axis=(-2, -1))
    pairable = total[..., 1]
    observed = np.divide(total[..., 0], pairable, out=np.full(pairable.shape, np.nan), where=pairable > 0)
    return _above_chance(observed, chance)


def _above_chance(observed: Floats, chance: Floats) -> Floats:
    room = np.where(1 - chance > 1e-12, 1 - chance, np.nan)
    return np.asarray((observed - chance) / room, dtype=np.float64)
