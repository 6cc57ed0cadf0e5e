"""Which reviewers became stricter or more lenient in a period than they are otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.multiple import benjamini_hochberg
from evalhub.stats.ratings import Ratings
from evalhub.stats.severity import severity_values

MIN_ITEMS = 10
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class ReviewerPeriod:
    """A reviewer in a period, over the `n_items` of theirs that others rated too.

    `difference` is the mean of their ratings less the others' mean of the same items, less the same in all other
    periods, in units of the scale: below 0 they became stricter. `p_value` is None with fewer than ten items here or
    elsewhere, `q_value` its Benjamini–Hochberg adjustment over all reviewers and periods.
    """

    rater: int
    period: int
    n_items: int
    difference: float
    se: float | None
    p_value: float | None
    q_value: float | None
    is_raised: bool


@dataclass(frozen=True, eq=False)
class _Cells:
    """Reviewers × periods; each row is a rating of an item with two ratings or more.

    Args:
        unit, cell, cluster, number: of each row: its item, its cell, its cell and group, what it stands for.
        rater, period: of each cell, `rater` as a place in `ids`.
        cell_of_cluster: the cell that each cluster lies in.
    """

    ids: Ints
    unit: Ints
    cell: Ints
    cluster: Ints
    number: Floats
    rater: Ints
    period: Ints
    cell_of_cluster: Ints

    def test(self, correction: Floats) -> tuple[Floats, Floats, Floats]:
        """Difference, standard error and p-value of each cell, after a correction of each row; NaN where there is none.

        The variance is that of items about the mean of their cell, by group: in the period the larger of its own and
        the one pooled over the reviewer's periods, so that neither a few items that happen to agree nor a period in
        which everybody is at a loss makes a difference look certain.
        """
        numbers = self.number - correction
        m = np.bincount(self.unit)[self.unit]
        others = (np.bincount(self.unit, weights=numbers)[self.unit] - numbers) / (m - 1)
        apart = numbers - others
        n = np.bincount(self.cell, minlength=len(self.rater))
        total = np.bincount(self.cell, weights=apart, minlength=len(n))
        n_rest, rest = np.bincount(self.rater, weights=n)[self.rater] - n, np.bincount(self.rater, weights=total)
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = total / n - (rest[self.rater] - total) / n_rest
            own, pooled, df = self._variances(apart - (total / n)[self.cell])
            se = np.sqrt(np.maximum(own, pooled) / n + pooled / n_rest)
        tested = (n >= MIN_ITEMS) & (n_rest >= MIN_ITEMS) & (df > 0)
        t = np.abs(difference[tested]) / np.maximum(se[tested], SAME)
        p_value = np.full(len(n), np.nan)
        p_value[tested] = 2 * stdtr(df[tested], -t)
        return np.where(n_rest > 0, difference, np.nan), np.where(df > 0, se, np.nan), p_value

    def _variances(self, residual: Floats) -> tuple[Floats, Floats, Floats]:
        """The variance of an item with its group's, in each cell and over the reviewer, and the degrees of freedom."""
        squares = np.bincount(self.cluster, weights=residual) ** 2
        n_clusters, n = np.bincount(self.cell_of_cluster), np.bincount(self.cell)
        sums = np.bincount(self.cell_of_cluster, weights=squares)
        own = sums / n * n_clusters / (n_clusters - 1)
        n_all, all_clusters, all_sums = (np.bincount(self.rater, weights=column) for column in (n, n_clusters, sums))
        df = np.asarray(all_clusters - np.bincount(self.rater), dtype=np.float64)
        pooled = all_sums / n_all * all_clusters / df
        return np.where(n_clusters > 1, own, 0.0), pooled[self.rater], df[self.rater]


def reviewer_periods(ratings: Ratings, period: Ints, false_discovery: float) -> tuple[ReviewerPeriod, ...]:
    """Every reviewer and period with something to compare, in the order of reviewers and periods.

    Ratings are first freed of each reviewer's severity over all periods, so that a change of partners is no change.
    Where somebody drifts, their partners seem to drift the other way, and they themselves in all other periods: so the
    most certain one is raised, their drift taken out, and the rest judged again. Two who only rate with
    each other cannot be told apart, and both are raised.

    Args:
        period: of each rating, from 0.
    """
    cells = _cells(ratings, period)
    n_cells = len(cells.rater)
    if not n_cells:
        return ()
    found = np.full((4, n_cells), np.nan)
    raised = np.zeros(n_cells, dtype=np.bool_)
    correction = np.zeros(len(cells.cell))
    while True:
        judged = np.vstack(cells.test(correction))
        p_value = np.where(raised, found[2], judged[2])
        q_value = np.full(n_cells, np.nan)
        q_value[~np.isnan(p_value)] = benjamini_hochberg(p_value[~np.isnan(p_value)])
        found = np.where(raised, found, np.vstack([judged, q_value]))
        new = _most_certain(~raised & (q_value <= false_discovery), judged)
        if not new.any():
            break
        raised |= new
        correction += np.where(new, judged[0] / new.sum(), 0.0)[cells.cell]
    return _rows(cells, found, raised)


def _cells(ratings: Ratings, period: Ints) -> _Cells:
    _, unit_of = np.unique(ratings.unit, return_inverse=True)
    shared = np.bincount(unit_of.reshape(-1), minlength=1)[unit_of.reshape(-1)] > 1
    kept = ratings.only(shared)
    ids, severity = severity_values(kept)
    rater = np.searchsorted(ids, kept.rater)
    n_periods = int(period.max(initial=0)) + 1
    known, cell = np.unique(rater * n_periods + period[shared], return_inverse=True)
    _, unit = np.unique(kept.unit, return_inverse=True)
    groups, group = np.unique(kept.group, return_inverse=True)
    clusters, cluster = np.unique(cell.reshape(-1) * len(groups) + group.reshape(-1), return_inverse=True)
    return _Cells(
        ids=ids,
        unit=unit.reshape(-1),
        cell=cell.reshape(-1),
        cluster=cluster.reshape(-1),
        number=kept.numbers() - severity[rater],
        rater=known // n_periods,
        period=known % n_periods,
        cell_of_cluster=clusters // max(len(groups), 1),
    )


def _most_certain(candidates: Bools, judged: Floats) -> Bools:
    """The candidate with the largest difference beside its error, and whoever equals it."""
    difference, se, _ = judged
    t = np.where(candidates, np.abs(difference) / np.maximum(se, SAME), 0.0)
    return np.asarray(candidates & (t >= t.max() * (1 - SAME)), dtype=np.bool_)


def _rows(cells: _Cells, found: Floats, raised: Bools) -> tuple[ReviewerPeriod, ...]:
    n = np.bincount(cells.cell)
    return tuple(
        ReviewerPeriod(
            rater=int(cells.ids[cells.rater[at]]),
            period=int(cells.period[at]),
            n_items=int(n[at]),
            difference=float(found[0, at]),
            se=_known(found[1, at]),
            p_value=_known(found[2, at]),
            q_value=_known(found[3, at]),
            is_raised=bool(raised[at]),
        )
        for at in np.flatnonzero(~np.isnan(found[0]))
    )


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
