"""How strict or lenient each reviewer is, apart from which items they happened to get.

x_ur = item_u + b_r by least squares. The plain mean difference from the others is no such figure: it is inflated by
R/(R − 1), and in fixed panels a reviewer's partners show up as their own severity.

Nought is the mean of the reviewers who have at least five groups. Did everybody count from their first item on, one
stray answer of a newcomer would move the severity of all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import stdtrit

from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.intervals import LEVEL, jackknife_variance
from evalhub.stats.ratings import Ratings

MAX_BLOCKS = 1_000
MIN_BLOCKS = 50
WORK = 4e9
CHUNK_CELLS = 2_000_000
RIDGE = 1e-11
FEWEST_GROUPS = 5
"""Of a reviewer, to have a standard error and to count for where 0 lies: with an item or two neither means a thing."""
CONFOUNDED_SE = 2.0
CONFOUNDED_LEVELS = 0.2


@dataclass(frozen=True, slots=True)
class Severity:
    """The severity of a reviewer in units of the scale: below 0 is strict, above lenient.

    Only reviewers of the same `component` can be compared: no chain of shared items links the others.
    `plain` is the mean difference from the others' mean; `confounded_with` names the reviewer whose severity it
    seems to show instead. The interval is a 95 % t interval with one degree of freedom less than the reviewer has
    groups (blocks, where there are many). Reviewers with fewer than five groups have neither a standard error nor an
    interval, and are not said to be confounded.
    """

    rater: int
    component: int
    n_items: int
    severity: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    shrunk: float
    plain: float
    confounded_with: int | None


class _Equations(NamedTuple):
    """The normal equations of blocks of items after the items' own effects are taken out, and the plain sums.

    `matrix` has the shape (blocks, reviewers, reviewers), all others (blocks, reviewers); `own` counts ratings.
    """

    own: Floats
    matrix: Floats
    side: Floats
    plain: Floats


@dataclass(frozen=True, eq=False)
class _Design:
    """Items × reviewers with at least two ratings an item; `given` holds ones, `numbers` the ratings.

    `block` is that of each item; `blocks_met` says in how many each reviewer has items.
    """

    raters: Ints
    given: csr_matrix
    numbers: csr_matrix
    block: Ints
    component: Ints
    blocks_met: Ints

    def equations(self, items: Ints, block: Ints, n_blocks: int) -> _Equations:
        """The equations of each block of these items, all blocks at once.

        Args:
            block: of each of the items, from 0 to n_blocks − 1.
        """
        given, numbers = self.given[items], self.numbers[items]
        shape = (n_blocks, len(items))
        member = csr_matrix((np.ones(len(items)), (block, np.arange(len(items)))), shape=shape)
        m = np.asarray(given.sum(axis=1)).reshape(-1)
        mean = np.asarray(numbers.sum(axis=1)).reshape(-1) / m
        own = (member @ given).toarray()
        weighted = given.multiply(1 / m[:, None]).tocoo()
        n_raters = len(self.raters)
        spread = csr_matrix(
            (weighted.data, (block[weighted.row] * n_raters + weighted.col, weighted.row)),
            shape=(n_blocks * n_raters, len(items)),
        )
        together = (spread @ given).toarray().reshape(n_blocks, n_raters, n_raters)
        apart = (numbers - given.multiply(mean[:, None])).tocsr()
        return _Equations(
            own=own,
            matrix=own[:, :, None] * np.eye(n_raters) - together,
            side=(member @ apart).toarray(),
            plain=(member @ apart.multiply((m / (m - 1))[:, None])).toarray(),
        )

    @property
    def has_enough(self) -> Bools:
        return np.asarray(self.blocks_met >= FEWEST_GROUPS)

    def anchor(self) -> Floats:
        """What the normal equations leave open, as equations: 0 is the mean of those with enough groups.

        In a component where nobody has enough, it is the mean of all.
        """
        is_same = self.component[:, None] == self.component[None, :]
        counts = self.has_enough | ~(is_same & self.has_enough).any(axis=1)
        return np.asarray(is_same & counts[:, None] & counts[None, :], dtype=np.float64)


def severities(ratings: Ratings) -> tuple[Severity, ...]:
    """The severity of each reviewer with at least one shared item, in the order of their ids.

    The standard error is that of the delete-one-group jackknife; beyond a thousand groups they are left out in
    blocks. Estimates are also given shrunk towards 0 by n/(n + σ²_e/σ²_b).
    """
    design = _design(ratings)
    if not len(design.raters):
        return ()
    own, matrix, side, plain_sum = _all_equations(design)
    effect = _solve(matrix, side, design.anchor())
    plain = plain_sum / own
    effect_se, gap_se = _standard_errors(design, _Equations(own, matrix, side, plain_sum))
    reach = stdtrit(np.maximum(design.blocks_met - 1, 1), LEVEL) * effect_se
    shrink = own / (own + _variance_ratio(design, effect, matrix))
    partner = _partners(design)
    return tuple(
        Severity(
            rater=int(rater),
            component=int(design.component[at]),
            n_items=int(own[at]),
            severity=float(effect[at]),
            se=_known(effect_se[at]),
            ci_low=_known(effect[at] - reach[at]),
            ci_high=_known(effect[at] + reach[at]),
            shrunk=float(effect[at] * shrink[at]),
            plain=float(plain[at]),
            confounded_with=int(design.raters[partner[at]])
            if abs(plain[at] - effect[at]) > max(CONFOUNDED_SE * gap_se[at], CONFOUNDED_LEVELS)
            else None,
        )
        for at, rater in enumerate(design.raters)
    )


def severity_values(ratings: Ratings) -> tuple[Ints, Floats]:
    """The reviewers with at least one shared item, and how strict each is, without standard errors."""
    design = _design(ratings)
    if not len(design.raters):
        return design.raters, np.zeros(0)
    whole = _all_equations(design)
    return design.raters, _solve(whole.matrix, whole.side, design.anchor())


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
    most = int(np.clip(WORK / max(len(raters), 1) ** 3, MIN_BLOCKS, MAX_BLOCKS))
    block = np.unique(group, return_inverse=True)[1].reshape(-1) % most
    met = np.zeros((int(block.max(initial=-1)) + 1, len(raters)), dtype=np.bool_)
    met[block[place[0]], place[1]] = True
    component = _components((given.T @ given).toarray() > 0)
    return _Design(raters, given, numbers, block, component, met.sum(axis=0))


def _components(is_linked: Bools) -> Ints:
    """The number of the component of each reviewer: the lowest place spreads until nothing changes.

    Importing scipy.sparse.csgraph for this would take longer than reading ten thousand ratings.
    """
    lowest = np.arange(len(is_linked))
    while True:
        spread = np.where(is_linked, lowest, len(lowest)).min(axis=1, initial=len(lowest))
        if (spread == lowest).all():
            return np.unique(lowest, return_inverse=True)[1].reshape(-1)
        lowest = spread


def _all_equations(design: _Design) -> _Equations:
    n_items = design.given.shape[0]
    whole = design.equations(np.arange(n_items), np.zeros(n_items, dtype=np.int64), 1)
    return _Equations(*(part[0] for part in whole))


def _solve(matrix: Floats, side: Floats, anchor: Floats) -> Floats:
    """The effects that obey the equations and the anchor."""
    return np.asarray(np.linalg.lstsq(matrix + anchor, side, rcond=None)[0])


def _solve_stack(matrix: Floats, side: Floats, anchor: Floats) -> Floats:
    """The same for a stack of equations; a slight ridge holds what a left-out block has cut off near 0."""
    ridge = RIDGE * np.trace(matrix, axis1=1, axis2=2)[:, None, None] * np.eye(matrix.shape[1])
    return np.asarray(np.linalg.solve(matrix + anchor + ridge, side[:, :, None])[:, :, 0])


def _standard_errors(design: _Design, whole: _Equations) -> tuple[Floats, Floats]:
    """Of the severities and of their gap to the plain differences; NaN for reviewers with too few groups."""
    n_raters, n_blocks = len(design.raters), int(design.block.max()) + 1
    if n_blocks < 2:
        return np.full(n_raters, np.nan), np.full(n_raters, np.nan)
    effect, gap = np.empty((2, n_blocks, n_raters))
    anchor = design.anchor()
    step = max(1, CHUNK_CELLS // n_raters**2)
    for start in range(0, n_blocks, step):
        stop = min(start + step, n_blocks)
        items = np.flatnonzero((design.block >= start) & (design.block < stop))
        less = design.equations(items, design.block[items] - start, stop - start)
        found = _solve_stack(whole.matrix - less.matrix, whole.side - less.side, anchor)
        left = whole.own - less.own
        plain = np.divide(whole.plain - less.plain, left, out=found.copy(), where=left > 0)
        effect[start:stop], gap[start:stop] = found, plain - found
    weight = np.ones(n_blocks, dtype=np.int64)
    return tuple(  # type: ignore[return-value] # two tables, two results
        np.where(design.has_enough, np.sqrt([jackknife_variance(column, weight) for column in table.T]), np.nan)
        for table in (effect, gap)
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
    apart = effect - (np.bincount(design.component, weights=effect) / np.bincount(design.component))[design.component]
    own_error = float(np.diag(np.linalg.pinv(matrix, rcond=1e-9, hermitian=True)).mean()) * noise
    spread = float(apart @ apart) / (len(effect) - n_components) - own_error
    return noise / spread if spread > 0 else np.inf


def _partners(design: _Design) -> Ints:
    """With whom each reviewer shared most items."""
    together = (design.given.T @ design.given).toarray()
    np.fill_diagonal(together, -1)
    return np.asarray(together.argmax(axis=1))


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
