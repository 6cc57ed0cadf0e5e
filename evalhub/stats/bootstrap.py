"""The group bootstrap of alpha: bias-corrected and accelerated, with a stated seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evalhub.stats import leave_out
from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Interval, Ints, Method, Reason
from evalhub.stats.leave_out import LeftOut, without_each_group
from evalhub.stats.scale import Distance, Scale

REPLICATES = 2_000
SEED = 20_261_124
MAX_UNDEFINED = 0.05
MAX_LEVELS = 50
CHUNK_CELLS = 4_000_000
GATES = (0.667, 0.8)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Alpha with the bootstrap interval, and the share of replicates at or above each gate (not a probability)."""

    alpha: Figure
    share_at_tentative: float | None
    share_at_reliable: float | None
    share_undefined: float
    replicates: int
    seed: int


def bootstrap_alpha(
    counts: PatternCounts, point: Figure, metric: Distance, *, seed: int = SEED, replicates: int = REPLICATES
) -> Bootstrap | None:
    """Resample the groups and recompute alpha.

    None where the point estimate already says that no two-sided interval is worth showing, or with more than 50
    distinct values.
    """
    if point.value is None or point.undefined_because is not None or counts.n_levels > MAX_LEVELS:
        return None
    drawn = np.concatenate(list(_replicates(counts, metric, np.random.default_rng(seed), replicates)))
    defined = drawn[~np.isnan(drawn)]
    share_undefined = 1 - len(defined) / replicates
    low, high = (float((defined >= gate).mean()) if len(defined) else None for gate in GATES)
    if share_undefined > MAX_UNDEFINED:
        shown = figure(counts, point.value, because=Reason.UNSTABLE_REPLICATES)
        return Bootstrap(shown, low, high, share_undefined, replicates, seed)
    left_out = leave_out.alphas(counts, without_each_group(counts), metric)
    shown = figure(counts, point.value, _bca(point.value, defined, left_out))
    return Bootstrap(shown, low, high, share_undefined, replicates, seed)


def _replicates(counts: PatternCounts, metric: Distance, rng: np.random.Generator, replicates: int) -> Iterator[Floats]:
    members, weight = _group_kinds(counts)
    share = weight / weight.sum()
    rows = np.where(counts.is_pairable[:, None], counts.patterns, 0).astype(np.float64)
    others = np.maximum(counts.n_ratings - 1, 1)[:, None, None]
    pairs = (rows[:, :, None] * rows[:, None, :] - rows[:, :, None] * np.eye(counts.n_levels)) / others
    pairs_of = members @ pairs.reshape(len(rows), -1)
    marginals_of = members @ rows
    chunk = max(1, CHUNK_CELLS // max(len(weight), counts.n_levels**2))
    for start in range(0, replicates, chunk):
        drawn = rng.multinomial(int(weight.sum()), share, size=min(chunk, replicates - start))
        yield _alphas(drawn @ pairs_of, (drawn @ marginals_of).astype(np.float64), metric)


def _alphas(pairs: Floats, marginals: Floats, metric: Distance) -> Floats:
    """Alpha of each replicate: coincidences (replicates, levels²) and marginals (replicates, levels)."""
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


def _group_kinds(counts: PatternCounts) -> tuple[Floats, Ints]:
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


def _bca(value: float, drawn: Floats, left_out: LeftOut) -> Interval:
    """Source: Efron (1987), Better bootstrap confidence intervals."""
    below = (np.count_nonzero(drawn < value) + np.count_nonzero(drawn == value) / 2) / len(drawn)
    bias = ndtri(np.clip(below, 1 / len(drawn), 1 - 1 / len(drawn)))
    mean = np.average(left_out.value, weights=left_out.weight)
    gap = np.nan_to_num(mean - left_out.value)
    spread = float((gap**2) @ left_out.weight)
    acceleration = float((gap**3) @ left_out.weight) / (6 * spread**1.5) if spread > 0 else 0.0
    z = bias + ndtri([0.025, 0.975])
    low, high = np.quantile(drawn, ndtr(bias + z / (1 - acceleration * z)))
    return Interval(float(low), float(high), Method.BOOTSTRAP)
