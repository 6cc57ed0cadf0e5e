"""How strict or lenient each reviewer is, apart from which items they happened to get.

x_ur = item_u + b_r by least squares. The plain mean difference from the others is no such figure: it is inflated by
R/(R − 1), and in fixed panels a reviewer's partners show up as their own severity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from evalhub.stats.figure import Floats, Ints
from evalhub.stats.intervals import jackknife_variance
from evalhub.stats.ratings import Ratings

MAX_BLOCKS = 1_000
MIN_BLOCKS = 50
WORK = 4e9
CONFOUNDED_SE = 2.0
CONFOUNDED_LEVELS = 0.2


@dataclass(frozen=True, slots=True)
class Severity:
    """The severity of a reviewer in units of the scale: below 0 is strict, above lenient.

    Only reviewers of the same `component` can be compared: no chain of shared items links the others.
    `plain` is the mean difference from the others' mean; `confounded_with` names the reviewer whose severity it
    seems to show instead.
    """

    rater: int
    component: int
    n_items: int
    severity: float
    se: float | None
    shrunk: float
    plain: float
    confounded_with: int | None


@dataclass(frozen=True, eq=False)
class _Design:
    """Items × reviewers with at least two ratings an item; `given` holds ones, `numbers` the ratings."""

    raters: Ints
    given: csr_matrix
    numbers: csr_matrix
    block: Ints
    component: Ints

    def equations(self, keep: Ints) -> tuple[Floats, Floats, Floats]:
        """The normal equations over some items after the items' own effects are taken out, and the plain sums."""
        given, numbers = self.given[keep], self.numbers[keep]
        m = np.asarray(given.sum(axis=1)).reshape(-1)
        mean = np.asarray(numbers.sum(axis=1)).reshape(-1) / m
        own = np.asarray(given.sum(axis=0)).reshape(-1)
        matrix = np.diag(own) - (given.T @ given.multiply(1 / m[:, None]).tocsr()).toarray()
        side = np.asarray(numbers.sum(axis=0)).reshape(-1) - given.T @ mean
        inflate = m / (m - 1)
        plain = numbers.T @ inflate - given.T @ (inflate * mean)
        return matrix, np.asarray(side), np.asarray(plain)


def severities(ratings: Ratings) -> tuple[Severity, ...]:
    """The severity of each reviewer with at least one shared item, in the order of their ids.

    The standard error is that of the delete-one-group jackknife; beyond a thousand groups they are left out in
    blocks. Estimates are also given shrunk towards 0 by n/(n + σ²_e/σ²_b).
    """
    design = _design(ratings)
    if not len(design.raters):
        return ()
    everything = np.arange(design.given.shape[0])
    matrix, side, plain_sum = design.equations(everything)
    own = np.asarray(design.given.sum(axis=0)).reshape(-1)
    effect = _solve(matrix, side, design.component)
    plain = plain_sum / own
    effect_se, gap_se = _standard_errors(design, matrix, side, plain_sum)
    shrink = own / (own + _variance_ratio(design, effect, matrix))
    partner = _partners(design)
    return tuple(
        Severity(
            rater=int(rater),
            component=int(design.component[at]),
            n_items=int(own[at]),
            severity=float(effect[at]),
            se=None if np.isnan(effect_se[at]) else float(effect_se[at]),
            shrunk=float(effect[at] * shrink[at]),
            plain=float(plain[at]),
            confounded_with=int(design.raters[partner[at]])
            if abs(plain[at] - effect[at]) > max(CONFOUNDED_SE * gap_se[at], CONFOUNDED_LEVELS)
            else None,
        )
        for at, rater in enumerate(design.raters)
    )


def _design(ratings: Ratings) -> _Design:
    units, unit_of = np.unique(ratings.unit, return_inverse=True)
    shared = np.bincount(unit_of.reshape(-1), minlength=len(units))[unit_of.reshape(-1)] > 1
    kept = ratings.only(shared)
    units, unit_of = np.unique(kept.unit, return_inverse=True)
    raters, rater_of = np.unique(kept.rater, return_inverse=True)
    place = (unit_of.reshape(-1), rater_of.reshape(-1))
    given = csr_matrix((np.ones(len(kept)), place), shape=(len(units), len(raters)))
    numbers = csr_matrix((kept.numbers(), place), shape=given.shape)
    group = np.empty(len(units), dtype=np.int64)
    group[place[0]] = kept.group
    block = np.unique(group, return_inverse=True)[1].reshape(-1)
    most = int(np.clip(WORK / max(len(raters), 1) ** 3, MIN_BLOCKS, MAX_BLOCKS))
    component = connected_components(given.T @ given, directed=False)[1] if len(raters) else np.zeros(0, dtype=np.int64)
    return _Design(raters, given, numbers, block % most, component.astype(np.int64))


def _solve(matrix: Floats, side: Floats, component: Ints) -> Floats:
    """The effects, summing to 0 in each component."""
    same = (component[:, None] == component[None, :]).astype(np.float64)
    return np.asarray(np.linalg.lstsq(matrix + same, side, rcond=None)[0])


def _standard_errors(design: _Design, matrix: Floats, side: Floats, plain: Floats) -> tuple[Floats, Floats]:
    """Of the severities and of their gap to the plain differences; NaN with a single group."""
    own = np.asarray(design.given.sum(axis=0)).reshape(-1)
    blocks = np.unique(design.block)
    nothing = np.full(len(own), np.nan)
    if len(blocks) < 2:
        return nothing, nothing
    order = np.argsort(design.block, kind="stable")
    effects, gaps = [], []
    for rows in np.split(order, np.flatnonzero(np.diff(design.block[order])) + 1):
        less_matrix, less_side, less_plain = design.equations(rows)
        left = own - np.asarray(design.given[rows].sum(axis=0)).reshape(-1)
        effect = _solve(matrix - less_matrix, side - less_side, design.component)
        effects.append(effect)
        gaps.append(np.divide(plain - less_plain, left, out=effect.copy(), where=left > 0) - effect)
    weight = np.ones(len(blocks), dtype=np.int64)
    return tuple(  # type: ignore[return-value] # two rows, two results
        np.sqrt([jackknife_variance(column, weight) for column in np.array(left_out).T]) for left_out in (effects, gaps)
    )


def _variance_ratio(design: _Design, effect: Floats, matrix: Floats) -> float:
    """σ²_e/σ²_b: how noisy one rating is beside the spread of the reviewers."""
    given, numbers = design.given.tocoo(), design.numbers.tocsr()
    residual = np.asarray(numbers[given.row, given.col]).reshape(-1) - effect[given.col]
    m = np.bincount(given.row)
    residual = residual - (np.bincount(given.row, weights=residual) / m)[given.row]
    n_components = int(design.component.max()) + 1
    df = len(residual) - len(m) - len(effect) + n_components
    if df <= 0 or len(effect) <= n_components:
        return 0.0
    noise = float(residual @ residual) / df
    own_error = float(np.diag(np.linalg.pinv(matrix, rcond=1e-9, hermitian=True)).mean()) * noise
    spread = float(effect @ effect) / (len(effect) - n_components) - own_error
    return noise / spread if spread > 0 else np.inf


def _partners(design: _Design) -> Ints:
    """With whom each reviewer shared most items."""
    together = (design.given.T @ design.given).toarray()
    np.fill_diagonal(together, -1)
    return np.asarray(together.argmax(axis=1))
