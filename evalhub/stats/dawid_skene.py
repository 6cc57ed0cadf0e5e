"""Dawid and Skene's model: true levels and each reviewer's confusions, estimated together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalhub.errors import BadInput
from evalhub.stats.figure import Floats, Ints

SMOOTHING = 0.5


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """The estimate.

    `units` and `raters` are the ids in order; `prior` has shape (levels,), `confusion` (raters, true level, given
    level), `posterior` (units, levels).
    """

    units: Ints
    raters: Ints
    prior: Floats
    confusion: Floats
    posterior: Floats
    iterations: int
    has_converged: bool

    def expected_scores(self, values: ArrayLike) -> Floats:
        """Σ p·v of each unit."""
        return np.asarray(self.posterior @ np.asarray(values, dtype=np.float64))


def dawid_skene(
    unit: ArrayLike,
    rater: ArrayLike,
    level: ArrayLike,
    n_levels: int,
    *,
    smoothing: float = SMOOTHING,
    max_iterations: int = 1000,
    tolerance: float = 1e-8,
) -> DawidSkene:
    """Expectation–maximisation from the shares of the votes; a reviewer may rate a unit several times.

    Args:
        smoothing: added to every count of a confusion matrix (Dirichlet prior); 0 is maximum likelihood.

    Raises:
        BadInput: there are no ratings, or a level lies outside 0 … n_levels − 1.

    Source: Dawid and Skene (1979).
    """
    units, unit_of = np.unique(np.asarray(unit, dtype=np.int64), return_inverse=True)
    raters, rater_of = np.unique(np.asarray(rater, dtype=np.int64), return_inverse=True)
    given = np.asarray(level, dtype=np.int64)
    if not len(given) or given.min() < 0 or given.max() >= n_levels:
        raise BadInput(f"there must be ratings, with levels from 0 to {n_levels - 1}", code="schema")
    unit_of, rater_of = unit_of.reshape(-1), rater_of.reshape(-1)
    votes = np.bincount(unit_of * n_levels + given, minlength=len(units) * n_levels).reshape(-1, n_levels)
    posterior: Floats = votes / votes.sum(axis=1, keepdims=True).astype(np.float64)
    cell = rater_of * n_levels + given
    step = 0
    has_converged = False
    while step < max_iterations and not has_converged:
        step += 1
        prior = posterior.mean(axis=0)
        confusion = _confusion(posterior[unit_of], cell, len(raters), smoothing)
        updated = _posterior(prior, confusion, unit_of, cell, len(units))
        has_converged = bool(np.abs(updated - posterior).max() < tolerance)
        posterior = updated
    return DawidSkene(units, raters, prior, confusion.transpose(0, 2, 1), posterior, step, has_converged)


def _confusion(belief: Floats, cell: Ints, n_raters: int, smoothing: float) -> Floats:
    """Shape (raters, given level, true level); each true level's column sums to 1."""
    n_levels = belief.shape[1]
    columns = [np.bincount(cell, weights=belief[:, true], minlength=n_raters * n_levels) for true in range(n_levels)]
    stacked = np.column_stack(columns).reshape(n_raters, n_levels, n_levels)
    counts = np.asarray(stacked + smoothing, dtype=np.float64)
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.full_like(counts, 1 / n_levels), where=total > 0))


def _posterior(prior: Floats, confusion: Floats, unit_of: Ints, cell: Ints, n_units: int) -> Floats:
    n_levels = len(prior)
    with np.errstate(divide="ignore"):
        logs = np.log(confusion).reshape(-1, n_levels)[cell]
        start = np.log(prior)
    summed = np.column_stack(
        [np.bincount(unit_of, weights=np.maximum(logs[:, true], -1e4), minlength=n_units) for true in range(n_levels)]
    )
    total = summed + np.maximum(start, -1e4)
    likelihood = np.exp(total - total.max(axis=1, keepdims=True))
    return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True))
