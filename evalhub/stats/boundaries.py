"""Which boundary between neighbouring levels the disagreement crosses, and which one is read worst.

α splits exactly into Σ w_k·α_k, but neither α_k nor w_k·max(0, .8 − α_k), the points of alpha to be won, tells which
sentence of the rubric to mend first: with equally careful reading both depend on how the levels are used (with 5, 15,
30 and 50 % of the ratings α_k is .92 at the lowest boundary and .79 at the highest). In simulation the points name a
boundary that half of the reviewers put one standard deviation off in 76–99 % of worlds with three levels and in 61–83 %
with five, the excess in over 99 % and in 90–97 % (docs/benchmarks.md).

So boundaries are ranked by their excess: the share of pairs of ratings that cross a boundary, less the share that
would, were all boundaries read with equal care. Careful readers differ on the items that lie near the cut, and so in
proportion to how many lie there; for normal quality that is φ(Φ⁻¹(p_k)), with p_k the share of ratings below. A
boundary between levels hardly used is crossed by few pairs, so chance cannot lift it to the top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Floats
from evalhub.stats.scale import Distance

GOAL = 0.8


@dataclass(frozen=True, slots=True)
class Boundary:
    """The boundary between level `lower` and the next one up.

    `share` is its part of the observed disagreement, `weight` its part of the chance disagreement, `alpha` the
    reliability at it; Σ weight·alpha is the criterion's alpha, exactly. `points` is what alpha would gain if the
    sentence between the two levels were mended to .8. `crossing` is the share of pairs of ratings that it separates,
    and `excess` how much of it is more (or less) than if all boundaries were read with equal care; the excesses sum to
    0, so with a single boundary it is 0.
    """

    lower: int
    upper: int
    share: float | None
    weight: float
    alpha: float | None
    points: float
    crossing: float
    excess: float


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
    pairs, scores = counts.coincidences, metric.scores(n)
    gaps, apart = np.diff(scores), np.abs(scores[:, None] - scores[None, :])
    observed = float((pairs * delta).sum())
    seen, expected = gaps * _across(pairs * apart), gaps * _across(np.outer(n, n) * apart)
    crossing = _across(pairs) / n.sum()
    return tuple(
        _boundary(
            k,
            share=float(seen[k]) / observed if observed > 0 else None,
            weight=float(expected[k]) / chance,
            alpha=1 - (float(n.sum()) - 1) * float(seen[k] / expected[k]) if expected[k] > 0 else None,
            crossing=float(crossing[k]),
            excess=float(excess),
        )
        for k, excess in enumerate(_excess(crossing, n))
    )


def ranked(found: tuple[Boundary, ...]) -> tuple[Boundary, ...]:
    """The boundary with the largest excess first: the sentence that is read worst for where it stands."""
    return tuple(sorted(found, key=lambda boundary: (-boundary.excess, boundary.lower)))


def _across(symmetric: Floats) -> Floats:
    """The sum over all pairs of levels that each boundary separates, shape (boundaries,)."""
    return np.array([2 * symmetric[:k, k:].sum() for k in range(1, len(symmetric))])


def _excess(crossing: Floats, n: Floats) -> Floats:
    """The crossings of each boundary beyond its share of all crossings if every boundary were read with equal care."""
    near = np.exp(-(ndtri(np.cumsum(n)[:-1] / n.sum()) ** 2) / 2)
    return np.asarray(crossing - crossing.sum() * near / near.sum())


def _boundary(
    k: int, *, share: float | None, weight: float, alpha: float | None, crossing: float, excess: float
) -> Boundary:
    points = weight * max(0.0, GOAL - alpha) if alpha is not None else 0.0
    return Boundary(k, k + 1, share, weight, alpha, points, crossing, excess)
