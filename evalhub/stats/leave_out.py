"""Alpha with something left out, for all groups (or reviewers) at once.

Leaving out a group takes patterns away; leaving out a reviewer takes patterns away and puts back the same patterns
less one rating. The marginals, and with them ordinal distances, change each time. With scores s and the Laplacian
L = diag(n) − o of the coincidences, Σ o_ij (s_i − s_j)² = 2·sᵀLs, so all left-out sums are one matrix product plus the
small part that was taken away: the cost grows with groups × levels, never with groups × items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from evalhub.stats.counts import PatternCounts, UnitPatterns, distinct_rows, row_chunks
from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.numbering import numbered
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Distance

CHUNK_CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class Deletions:
    """What each deletion changes, as triples sorted by deletion.

    Args:
        table: patterns that the triples point to, shape (patterns, levels).
        deletion, pattern, change: items of a pattern that a deletion adds (above 0) or takes away (below 0).
        weight: how many equal deletions each one stands for, shape (deletions,).
    """

    table: Ints
    deletion: Ints
    pattern: Ints
    change: Ints
    weight: Ints

    def chunks(self) -> Iterator[tuple[slice, slice]]:
        """Slices of deletions and of their triples, small enough that no dense block is large."""
        per_chunk = max(1, CHUNK_CELLS // max(1, self.table.shape[1]))
        for start in range(0, len(self.weight), per_chunk):
            stop = min(start + per_chunk, len(self.weight))
            low, high = np.searchsorted(self.deletion, [start, stop])
            yield slice(start, stop), slice(int(low), int(high))


def without_each_group(counts: PatternCounts) -> Deletions:
    """One deletion a group that has pairable items; items of one pattern count as equal deletions."""
    if counts.cells is None:
        kept = np.flatnonzero(counts.is_pairable)
        order = np.arange(len(kept))
        return Deletions(counts.patterns, order, kept, -np.ones(len(kept), dtype=np.int64), counts.n_units[kept])
    cells = counts.cells
    telling = np.zeros(int(cells.group.max()) + 1, dtype=np.bool_)
    telling[cells.group[counts.is_pairable[cells.pattern]]] = True
    kept = np.flatnonzero(telling[cells.group])
    _, deletion = numbered(cells.group[kept])
    weight = np.ones(counts.n_groups, dtype=np.int64)
    return Deletions(counts.patterns, deletion, cells.pattern[kept], -cells.n[kept], weight)


def without_each_rater(ratings: Ratings, units: UnitPatterns) -> tuple[Ints, Deletions]:
    """One deletion a reviewer: their ids, and the deletions.

    Ratings of one reviewer and level on units of one pattern change alpha alike and are counted together.
    """
    raters, rater_of = numbered(ratings.rater)
    shape = (len(raters), len(units.patterns), ratings.n_levels)
    kinds, n_of = [], []
    for rows in row_chunks(len(ratings)):
        kind = np.ravel_multi_index((rater_of[rows], units.of_rows(rows), ratings.level[rows]), shape)
        distinct, position = numbered(kind)
        kinds.append(distinct)
        n_of.append(np.bincount(position))
    rater, pattern, level = np.unravel_index(np.concatenate(kinds), shape)
    n = np.concatenate(n_of)
    before = units.patterns[pattern]
    after = before.copy()
    after[np.arange(len(after)), level] -= 1
    table, row_of = distinct_rows(np.vstack([before, after]))
    distinct, position = numbered(np.tile(rater, 2) * len(table) + row_of)
    total = np.bincount(position, weights=np.concatenate([-n, n])).astype(np.int64)
    deletions = Deletions(
        table, distinct // len(table), distinct % len(table), total, np.ones(len(raters), dtype=np.int64)
    )
    return raters, deletions


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A statistic after each deletion: NaN where it is undefined there, with a mark where agreement is perfect."""

    value: Floats
    is_perfect: Bools
    weight: Ints

    @property
    def is_regular(self) -> bool:
        """Whether every left-out value is defined and below 1, so that log(1 − value) exists."""
        return not (np.isnan(self.value).any() or self.is_perfect.any())


def alphas(counts: PatternCounts, deletions: Deletions, distance: Distance) -> LeftOut:
    """Krippendorff's alpha after each deletion."""
    value = np.empty(len(deletions.weight))
    perfect = np.empty(len(deletions.weight), dtype=np.bool_)
    pairable = deletions.table * (deletions.table.sum(axis=1, keepdims=True) >= 2)
    for which, triples in deletions.chunks():
        size = which.stop - which.start
        local = deletions.deletion[triples] - which.start
        pattern, change = deletions.pattern[triples], deletions.change[triples]
        changed = csr_matrix((change, (local, pattern)), shape=(size, len(pairable)))
        marginals = (counts.marginals + changed @ pairable).astype(np.float64)
        split = counts.n_disagreeing + changed @ ((pairable > 0).sum(axis=1) > 1).astype(np.int64)
        observed = _whole(counts, distance, marginals)
        if distance.is_by_score:
            part = within_by_score(pairable[pattern], distance.scores(marginals)[local])
        else:
            part = within_by_matrix(pairable, distance.matrix(marginals[0]))[pattern]
        observed = observed + np.bincount(local, weights=change * part, minlength=size)
        chance = _chance(distance, marginals)
        varied = ((marginals > 0).sum(axis=1) > 1) & (chance > 0)
        total = marginals.sum(axis=1)
        ratio = np.divide((total - 1) * observed, chance, out=np.full(size, np.nan), where=varied)
        value[which] = np.where(varied & (split == 0), 1.0, 1.0 - ratio)
        perfect[which] = varied & (split == 0)
    return LeftOut(value, perfect, deletions.weight)


def _whole(counts: PatternCounts, distance: Distance, marginals: Floats) -> Floats:
    """Σ o·δ over all items, with the distance that each row of marginals implies."""
    if distance.is_by_score:
        scores = distance.scores(marginals)
        laplacian = np.diag(counts.marginals.astype(np.float64)) - counts.coincidences
        return np.asarray(2 * ((scores @ laplacian) * scores).sum(axis=1))
    return np.full(len(marginals), (counts.coincidences * distance.matrix(marginals[0])).sum())


def _chance(distance: Distance, marginals: Floats) -> Floats:
    """Σ n_i·n_j·δ for each row of marginals."""
    if not distance.is_by_score:
        return np.asarray(((marginals @ distance.matrix(marginals[0])) * marginals).sum(axis=1))
    scores = distance.scores(marginals)
    squares = (marginals * scores**2).sum(axis=1)
    return np.asarray(2 * (marginals.sum(axis=1) * squares - (marginals * scores).sum(axis=1) ** 2))


def totals(counts: PatternCounts, deletions: Deletions, parts: Floats) -> Floats:
    """Sums over items of what each pattern contributes, after each deletion.

    Args:
        parts: shape (patterns, k), one row a pattern of `deletions.table`, which must be that of `counts`.

    Returns:
        Shape (deletions, k).
    """
    shape = (len(deletions.weight), len(deletions.table))
    changed = csr_matrix((deletions.change, (deletions.deletion, deletions.pattern)), shape=shape)
    return np.asarray(counts.n_units @ parts + changed @ parts, dtype=np.float64)


def within_by_score(patterns: Ints, scores: Floats) -> Floats:
    """Σ δ over the pairs of an item's ratings, divided by m − 1; exactly 0 where all are equal."""
    rows = patterns.astype(np.float64)
    m = rows.sum(axis=1)
    first = (rows * scores).sum(axis=1)
    second = (rows * scores**2).sum(axis=1)
    split = (patterns > 0).sum(axis=1) > 1
    return np.asarray(np.where(split, 2 * (m * second - first**2) / np.maximum(m - 1, 1), 0.0))


def within_by_matrix(patterns: Ints, delta: Floats) -> Floats:
    """The same for a fixed matrix of distances."""
    rows = patterns.astype(np.float64)
    return np.asarray(((rows @ delta) * rows).sum(axis=1) / np.maximum(rows.sum(axis=1) - 1, 1))
