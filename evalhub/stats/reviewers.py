"""What can be said of each reviewer: how they use the levels, and with whom they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from evalhub.stats.alpha import alphas_without_each_rater
from evalhub.stats.counts import unit_table
from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.intervals import lower_share, upper_share
from evalhub.stats.multiple import benjamini_hochberg
from evalhub.stats.pairs import pair_tables
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale

FALSE_DISCOVERY = 0.05


@dataclass(frozen=True, slots=True)
class ReviewerFigures:
    """One reviewer on one criterion.

    `agreement_with` is the share of agreeing pairs that this reviewer is part of, `agreement_without` that of the
    other pairs; `alpha_without` is alpha when their ratings are left out. `confusion[i][j]` counts the items whose
    consensus of the others is level i and that this reviewer gave j. None where there is nothing to count.
    """

    rater: int
    n_items: int
    n_shared: int
    level_use: tuple[int, ...]
    agreement_with: float | None
    agreement_without: float | None
    alpha_without: float | None
    consensus_agreement: float | None
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class HitRate:
    """How often a reviewer was right where the right answer is known, with Clopper–Pearson limits.

    `is_below_others` says that chance alone does not explain how far they lie below all others together
    (one-sided Fisher test, Benjamini–Hochberg over the reviewers at 5 %).
    """

    rater: int
    n: int
    hits: int
    share: float
    ci_low: float
    ci_high: float
    is_below_others: bool


def reviewer_figures(ratings: Ratings, *, scale: Scale, values: Floats | None = None) -> tuple[ReviewerFigures, ...]:
    """The figures of each reviewer, in the order of their ids."""
    if not len(ratings):
        return ()
    raters, tables = pair_tables(ratings)
    n_raters = len(raters)
    others = ~np.eye(n_raters, dtype=np.bool_)
    pairs = tables.sum(axis=(2, 3)) * others
    agreeing = np.trace(tables, axis1=2, axis2=3) * others
    left_out = alphas_without_each_rater(ratings, scale=scale, values=values)[1]
    confusion, shared = _against_the_others(ratings, scale)
    use = np.diagonal(np.diagonal(tables, axis1=0, axis2=1), axis1=0, axis2=1)
    own_pairs, own_agreeing = pairs.sum(axis=1), agreeing.sum(axis=1)
    rest_pairs, rest_agreeing = pairs.sum() / 2 - own_pairs, agreeing.sum() / 2 - own_agreeing
    return tuple(
        ReviewerFigures(
            rater=int(raters[at]),
            n_items=int(use[at].sum()),
            n_shared=int(shared[at]),
            level_use=tuple(int(n) for n in use[at]),
            agreement_with=_share(own_agreeing[at], own_pairs[at]),
            agreement_without=_share(rest_agreeing[at], rest_pairs[at]),
            alpha_without=None if np.isnan(left_out.value[at]) else float(left_out.value[at]),
            consensus_agreement=_share(np.trace(confusion[at]), confusion[at].sum()),
            confusion=tuple(tuple(int(n) for n in row) for row in confusion[at]),
        )
        for at in range(n_raters)
    )


def consensus_of(counts: Ints, scale: Scale) -> Ints:
    """The consensus level of each row of level counts, −1 where there is none; shape (items, levels) → (items,).

    Nominal: the level of more than half. Otherwise the middle rating, or the two middle ones where they are equal.
    """
    m = counts.sum(axis=1)
    if scale is Scale.NOMINAL:
        top = counts.argmax(axis=1)
        return np.where(2 * counts.max(axis=1, initial=0) > m, top, -1)
    reached = np.cumsum(counts, axis=1)
    lower = (reached >= ((m + 1) // 2)[:, None]).argmax(axis=1)
    upper = (reached >= (m // 2 + 1)[:, None]).argmax(axis=1)
    return np.where((m > 0) & (lower == upper), lower, -1)


def hit_rates(rater: ArrayLike, is_hit: ArrayLike) -> tuple[HitRate, ...]:
    """Hit rates of reviewers on gold items or attention checks, one row an answer."""
    raters, rater_of = np.unique(np.asarray(rater, dtype=np.int64), return_inverse=True)
    hit: Bools = np.asarray(is_hit, dtype=np.bool_)
    n = np.bincount(rater_of.reshape(-1), minlength=len(raters))
    hits = np.bincount(rater_of.reshape(-1), weights=hit, minlength=len(raters)).astype(np.int64)
    p_values = np.array([_at_most(int(h), len(hit), int(hit.sum()), int(k)) for h, k in zip(hits, n, strict=True)])
    is_low = (
        benjamini_hochberg(p_values) <= FALSE_DISCOVERY if len(raters) > 1 else np.zeros(len(raters), dtype=np.bool_)
    )
    return tuple(
        HitRate(
            rater=int(raters[at]),
            n=int(n[at]),
            hits=int(hits[at]),
            share=float(hits[at] / n[at]),
            ci_low=lower_share(int(hits[at]), int(n[at])),
            ci_high=upper_share(int(hits[at]), int(n[at])),
            is_below_others=bool(is_low[at]),
        )
        for at in range(len(raters))
    )


def _against_the_others(ratings: Ratings, scale: Scale) -> tuple[Ints, Ints]:
    """Each reviewer's confusion with the consensus of the others, and on how many items there were others."""
    _, place, table = unit_table(ratings)
    raters, rater_of = np.unique(ratings.rater, return_inverse=True)
    n_levels = ratings.n_levels
    rest = table[place]
    rest[np.arange(len(rest)), ratings.level] -= 1
    consensus = consensus_of(rest, scale)
    known = consensus >= 0
    cell = (rater_of.reshape(-1) * n_levels + consensus) * n_levels + ratings.level
    confusion = np.bincount(cell[known], minlength=len(raters) * n_levels**2)
    has_others = rest.sum(axis=1) > 0
    shared = np.bincount(rater_of.reshape(-1)[has_others], minlength=len(raters))
    return confusion.reshape(len(raters), n_levels, n_levels), shared


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _at_most(hits: int, n: int, n_hits: int, drawn: int) -> float:
    """Chance of at most so many hits among `drawn` of `n` of which `n_hits` are hits (hypergeometric)."""
    chosen = np.arange(max(0, drawn - (n - n_hits)), hits + 1)
    log_chance = _log_choose(n_hits, chosen) + _log_choose(n - n_hits, drawn - chosen) - _log_choose(n, drawn)
    return float(min(1.0, np.exp(log_chance).sum()))


def _log_choose(n: int, k: Any) -> Any:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
