"""Groups drawn anew from those that were seen, and alpha of what was drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtrit

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Floats, Interval, Ints, Method
from evalhub.stats.intervals import LEVEL
from evalhub.stats.leave_out import without_each_group
from evalhub.stats.scale import Distance, Scale

CHUNK_CELLS = 4_000_000
MIN_GROUPS = 6
"""Percentiles of fewer cover below .92 even of normal means, and no sign-flip test of fewer reaches 5 %."""


@dataclass(frozen=True, eq=False)
class GroupKinds:
    """The distinct groups and what each adds to the sums that alpha is made of.

    Args:
        pairs: coincidences, shape (kinds, levels²).
        marginals: ratings a level in pairable items, shape (kinds, levels).
        weight: how many groups are of each kind.
    """

    pairs: Floats
    marginals: Floats
    weight: Ints

    @classmethod
    def of(cls, counts: PatternCounts) -> GroupKinds:
        members, weight = distinct_groups(counts)
        return cls.of_members(members, counts.patterns, weight)

    @classmethod
    def of_members(cls, members: Floats, patterns: Ints, weight: Ints) -> GroupKinds:
        """From how many items of each pattern, shape (patterns, levels), each kind has: (kinds, patterns)."""
        rows = np.where(patterns.sum(axis=1, keepdims=True) >= 2, patterns, 0).astype(np.float64)
        others = np.maximum(rows.sum(axis=1) - 1, 1)[:, None, None]
        pairs = (rows[:, :, None] * rows[:, None, :] - rows[:, :, None] * np.eye(rows.shape[1])) / others
        return cls(members @ pairs.reshape(len(rows), -1), members @ rows, weight)

    @property
    def n_groups(self) -> int:
        return int(self.weight.sum())

    def draw(self, rng: np.random.Generator, n_groups: int, replicates: int) -> Ints:
        """How often each kind is drawn, with replacement; shape (replicates, kinds)."""
        return rng.multinomial(n_groups, self.weight / self.weight.sum(), size=replicates)


def alphas_of_sums(pairs: Floats, marginals: Floats, metric: Distance) -> Floats:
    """Alpha of each row: coincidences (rows, levels²) and marginals (rows, levels); NaN without variation."""
    n_levels = marginals.shape[1]
    square = pairs.reshape(-1, n_levels, n_levels)
    if metric.scale is Scale.ORDINAL:
        scores = metric.scores(marginals)
        delta = (scores[:, :, None] - scores[:, None, :]) ** 2
    else:
        delta = np.broadcast_to(metric.matrix(marginals[0]), square.shape)
    observed = (square * delta).sum(axis=(1, 2))
    chance = np.einsum("bi,bij,bj->b", marginals, delta, marginals)
    ratio = np.divide(
        (marginals.sum(axis=1) - 1) * observed, chance, out=np.full(len(marginals), np.nan), where=chance > 0
    )
    return np.asarray(1 - ratio)


def chunks(rows: int, columns: int) -> Iterator[int]:
    """Sizes of parts of so many rows, none of which is large."""
    if columns == 0:
        return
    chunk = max(1, CHUNK_CELLS // columns)
    for start in range(0, rows, chunk):
        yield min(chunk, rows - start)


def expanded_percentiles(drawn: Floats, n_groups: int, method: Method) -> Interval:
    """Percentiles of the draws, taken so far out that those of a normal mean are its t interval.

    Plain percentiles of a mean are too close together by √((n − 1)/n) and by normal instead of t quantiles.

    Source: Hesterberg (2015), What Teachers Should Know About the Bootstrap.
    """
    reach = math.sqrt(n_groups / (n_groups - 1)) * float(stdtrit(n_groups - 1, LEVEL))
    low, high = np.quantile(drawn, ndtr([-reach, reach]))
    return Interval(float(low), float(high), method)


def distinct_groups(counts: PatternCounts) -> tuple[Floats, Ints]:
    """Distinct groups as items a pattern, shape (kinds, patterns), and how many groups are of each kind.

    Groups with the same items are found by a random 64-bit key a pattern; at a million groups the chance that two
    different kinds share a key is below 1e-7.
    """
    deletions = without_each_group(counts)
    keys = np.random.default_rng(0).integers(0, 2**64, size=len(counts.patterns), dtype=np.uint64)
    summed = np.zeros(len(deletions.weight), dtype=np.uint64)
    np.add.at(summed, deletions.deletion, keys[deletions.pattern] * (-deletions.change).astype(np.uint64))
    _, first, kind = np.unique(summed, return_index=True, return_inverse=True)
    weight = np.bincount(kind.reshape(-1), weights=deletions.weight).astype(np.int64)
    position = np.full(len(summed), -1)
    position[first] = np.arange(len(first))
    kept = position[deletions.deletion] >= 0
    members = np.zeros((len(first), len(counts.patterns)))
    members[position[deletions.deletion[kept]], deletions.pattern[kept]] = -deletions.change[kept]
    return members, weight
