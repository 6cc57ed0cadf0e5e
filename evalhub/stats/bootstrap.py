"""The group bootstrap of alpha: bias-corrected and accelerated, with a stated seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from evalhub.stats import leave_out
from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Interval, Method, Reason
from evalhub.stats.leave_out import LeftOut, without_each_group
from evalhub.stats.resampling import GroupKinds, alphas_of_sums, chunks
from evalhub.stats.scale import Distance

REPLICATES = 2_000
SEED = 20_261_124
MAX_UNDEFINED = 0.05
MAX_LEVELS = 50
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
    kinds = GroupKinds.of(counts)
    for size in chunks(replicates, max(len(kinds.weight), counts.n_levels**2)):
        drawn = kinds.draw(rng, kinds.n_groups, size)
        yield alphas_of_sums(drawn @ kinds.pairs, drawn @ kinds.marginals, metric)


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
