"""Which boundary between neighbouring levels the disagreement crosses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Floats
from evalhub.stats.scale import Distance

GOAL = 0.8


@dataclass(frozen=True, slots=True)
class Boundary:
    """The boundary between level `lower` and the next one up.

    `share` is its part of the observed disagreement, `weight` its part of the chance disagreement, `alpha` the
    reliability at it; Σ weight·alpha is the criterion's alpha, exactly. `points` is what alpha would gain if the
    sentence between the two levels were mended to .8.
    """

    lower: int
    upper: int
    share: float | None
    weight: float
    alpha: float | None
    points: float


def boundaries(counts: PatternCounts, metric: Distance) -> tuple[Boundary, ...]:
    """The decomposition of alpha over the boundaries, in the order of the levels.

    With gaps g_k between the scores of neighbouring levels, boundary k gets the part S_k·g_k·|s_i − s_j| of the
    distance of levels i and j, where S_k says whether it lies between them. Empty where distances are not squared
    differences of scores, or without variation.
    """
    n = counts.marginals.astype(np.float64)
    if not metric.is_by_score:
        return ()
    delta = metric.matrix(n)
    chance = float(n @ delta @ n)
    if chance <= 0:
        return ()
    observed = float((counts.coincidences * delta).sum())
    return tuple(
        _boundary(k, part, counts.coincidences, n, observed=observed, chance=chance)
        for k, part in enumerate(_parts(metric.scores(n)))
    )


def ranked(found: tuple[Boundary, ...]) -> tuple[Boundary, ...]:
    """The boundaries that would win most first."""
    return tuple(sorted(found, key=lambda boundary: (-boundary.points, boundary.lower)))


def _parts(scores: Floats) -> list[Floats]:
    gaps = np.diff(scores)
    apart = np.abs(scores[:, None] - scores[None, :])
    index = np.arange(len(scores))
    low, high = np.minimum(index[:, None], index[None, :]), np.maximum(index[:, None], index[None, :])
    return [((low <= k) & (k < high)) * gap * apart for k, gap in enumerate(gaps)]


def _boundary(k: int, part: Floats, pairs: Floats, n: Floats, *, observed: float, chance: float) -> Boundary:
    seen, expected = float((pairs * part).sum()), float(n @ part @ n)
    alpha = 1 - (float(n.sum()) - 1) * seen / expected if expected > 0 else None
    weight = expected / chance
    return Boundary(
        lower=k,
        upper=k + 1,
        share=seen / observed if observed > 0 else None,
        weight=weight,
        alpha=alpha,
        points=weight * max(0.0, GOAL - alpha) if alpha is not None else 0.0,
    )
