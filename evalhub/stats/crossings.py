"""Which items and whose pairs of ratings make up the disagreement at each boundary between levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import betainc

from evalhub.stats.counts import unit_table
from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.leave_out import within_by_score
from evalhub.stats.merge import merged_ratings
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale

TIMES_THE_OTHERS = 1.5
FALSE_NAMES = 0.01
PAIRS_AN_ITEM = 2


@dataclass(frozen=True, slots=True)
class RaterCrossing:
    """One reviewer's part in the disagreement at one boundary.

    `n_pairs` counts all pairs of ratings of one item that they take part in, `n_crossing` those with the boundary
    between; of these they stood `below` it so often, and `above`. `share` is what their pairs make up of the
    disagreement at the boundary; each pair counts for both, so that the shares sum to 2.
    """

    rater: int
    n_pairs: int
    n_crossing: int
    share: float
    below: int
    above: int


@dataclass(frozen=True, eq=False)
class Crossing:
    """Who and what crosses the boundary between the levels `lower` and `upper`.

    `part` is what each of `units` contributes to the criterion's whole observed disagreement, the largest first; its
    sum is the `share` of the boundary. `raters` begins with the largest share. All are empty where nothing crosses.
    """

    lower: int
    upper: int
    units: Ints
    part: Floats
    raters: tuple[RaterCrossing, ...]


class _Table(NamedTuple):
    """The ratings by item: `m` ratings and the sum of their scores an item; `place` is the item of each rating."""

    units: Ints
    place: Ints
    counts: Ints
    m: Ints
    total: Floats
    level: Ints
    raters: Ints
    rater_of: Ints
    n_pairs: Ints


def crossings(ratings: Ratings, *, scale: Scale, values: Floats | None = None) -> tuple[Crossing, ...]:
    """The decomposition of `boundaries` taken further, to items and to reviewers, in the order of the levels.

    An item of m ratings adds 2/(m − 1)·Σ g_k·|s_i − s_j| over its pairs that lie on both sides of boundary k. Empty
    where `boundaries` is: on nominal and ratio scales, or without variation. Levels that stand for one number count
    as one.
    """
    joined, metric = merged_ratings(ratings, scale, values)
    units, place, counts = unit_table(joined)
    m = counts.sum(axis=1)
    marginals = counts[m > 1].sum(axis=0).astype(np.float64)
    if not metric.is_by_score or float(marginals @ metric.matrix(marginals) @ marginals) <= 0:
        return ()
    scores = metric.scores(marginals)
    raters, rater_of = np.unique(joined.rater, return_inverse=True)
    n_pairs = np.bincount(rater_of.reshape(-1), weights=m[place] - 1).astype(np.int64)
    table = _Table(units, place, counts, m, counts @ scores, joined.level, raters, rater_of.reshape(-1), n_pairs)
    observed = float(within_by_score(counts, scores).sum())
    return tuple(_crossing(k, table, scores, observed) for k in range(joined.n_levels - 1))


def main_culprit(crossing: Crossing) -> int | None:
    """The reviewer to be retrained: whose pairs make up most of the disagreement at the boundary; None for nobody.

    They are named where all of this holds, and holds of nobody else:

    - their share is above one half;
    - a pair with them disagrees at least half as much again as a pair without them. In a panel of three everybody is
      in two thirds of the pairs, so the share alone would name all three where the sentence itself is vague;
    - chance does not explain it: as many draws as pairs cross (two an item at most, since the pairs of an item hang
      together), each with the part of all pairs that they take part in, give anybody such a share less than once in a
      hundred (binomial, Bonferroni over the reviewers).

    Of two reviewers every pair involves both, and nobody can be named; nor where two meet the rule, because they were
    mostly paired with each other. Where nobody is named, several readings of the sentence are at large: rewrite the
    boundary. The pairs are compared as if handed out at random: a reviewer who got the harder items can be named for
    them.
    """
    raters = crossing.raters
    n_pairs, n_crossing = sum(rater.n_pairs for rater in raters) / 2, sum(rater.n_crossing for rater in raters) / 2
    n_draws = min(n_crossing, PAIRS_AN_ITEM * len(crossing.units))
    named = [
        rater.rater
        for rater in raters
        if _stands_out(rater.share, rater.n_pairs / n_pairs, n_draws, FALSE_NAMES / len(raters))
    ]
    return named[0] if len(named) == 1 else None


def _stands_out(share: float, expected: float, n_draws: float, chance: float) -> bool:
    if expected >= 1 or share <= 1 / 2:
        return False
    is_heavier = share * (1 - expected) >= TIMES_THE_OTHERS * (1 - share) * expected
    hits = min(share, 1.0) * n_draws
    return is_heavier and float(betainc(hits, n_draws - hits + 1, expected)) <= chance


def _crossing(k: int, table: _Table, scores: Floats, observed: float) -> Crossing:
    gap = float(scores[k + 1] - scores[k])
    below = table.counts[:, : k + 1]
    n_below = below.sum(axis=1)
    n_above = table.m - n_below
    crosses = (n_below > 0) & (n_above > 0) & (gap > 0)
    at = np.flatnonzero(crosses)
    if not len(at):
        return Crossing(k, k + 1, table.units[at], np.zeros(0), ())
    sum_below = below @ scores[: k + 1]
    sum_above = table.total - sum_below
    weight = 2 * gap / np.maximum(table.m - 1, 1)
    part = (weight * (n_below * sum_above - n_above * sum_below))[at] / observed
    order = np.lexsort((at, -part))
    rows = np.flatnonzero(crosses[table.place])
    item, level = table.place[rows], table.level[rows]
    is_below = level <= k
    across = np.where(is_below, n_above[item], n_below[item])
    apart = np.abs(np.where(is_below, sum_above[item], sum_below[item]) - across * scores[level])
    raters = _raters(table, table.rater_of[rows], across, is_below, apart * weight[item])
    return Crossing(k, k + 1, table.units[at[order]], part[order], raters)


def _raters(
    table: _Table, rater_of: Ints, across: Ints, is_below: Bools, disagreement: Floats
) -> tuple[RaterCrossing, ...]:
    """Everybody with a pair, from one row a rating that crosses: over how many others' heads, and how far apart."""
    n = len(table.raters)
    below = np.bincount(rater_of, weights=across * is_below, minlength=n)
    crossing = np.bincount(rater_of, weights=across, minlength=n)
    share = np.bincount(rater_of, weights=disagreement, minlength=n)
    share = 2 * share / share.sum()
    return tuple(
        RaterCrossing(
            rater=int(table.raters[at]),
            n_pairs=int(table.n_pairs[at]),
            n_crossing=int(crossing[at]),
            share=float(share[at]),
            below=int(below[at]),
            above=int(crossing[at] - below[at]),
        )
        for at in np.lexsort((table.raters, -share))
        if table.n_pairs[at]
    )
