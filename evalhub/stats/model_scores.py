"""Models on the same groups: how they score, how they differ, and what this set of groups can tell apart.

Everything here is a ratio of sums over groups, a mean score and a mean difference alike, so the groups are drawn once
for all of them: what two models share stays shared in every draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from evalhub.errors import BadInput
from evalhub.stats.bootstrap import MAX_UNDEFINED, REPLICATES, SEED
from evalhub.stats.figure import Bools, Figure, Floats, Interval, Ints, Method, Reason
from evalhub.stats.intervals import SAME, proportion
from evalhub.stats.multiple import holm
from evalhub.stats.paired import FAMILYWISE, fewest_groups, sign_flip, smallest_detectable
from evalhub.stats.resampling import MIN_GROUPS, chunks, expanded_percentiles


@dataclass(frozen=True, slots=True)
class ModelScore:
    """One model: mean score, share of passed items, and share of items at each overall level, from the worst.

    Each is a mean over the items where it is defined, and `n_items` of a figure counts those.
    """

    model: int
    n_items: int
    n_groups: int
    score: Figure
    pass_rate: Figure
    level_shares: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class ModelPair:
    """`first` less `second` over the groups that both answered: the mean of the differences of their group means.

    `p_value` is that of the sign-flip test, `p_holm` the same adjusted over all pairs. `smallest_detectable` is the
    difference that as many groups of this spread show at 5 % over all pairs (two-sided) with a chance of .8. The
    p-values are None with fewer than two shared groups; the last with fewer than `ModelScores.fewest_groups`, as
    then no difference can be told from chance, and without spread.
    """

    first: int
    second: int
    n_shared_groups: int
    difference: Figure
    p_value: float | None
    p_holm: float | None
    smallest_detectable: float | None

    @property
    def is_apart(self) -> bool:
        """Whether the two are told apart at 5 % over all pairs."""
        return self.p_holm is not None and self.p_holm <= FAMILYWISE


@dataclass(frozen=True, slots=True)
class ModelScores:
    """The models in the order of their ids, and all pairs of them.

    With fewer than `fewest_groups` shared groups no pair can be told apart over all tested pairs; None where none is
    tested.
    """

    models: tuple[ModelScore, ...]
    pairs: tuple[ModelPair, ...]
    fewest_groups: int | None
    seed: int
    replicates: int


@dataclass(frozen=True, eq=False)
class _Table:
    """What each item came to; groups and models are numbered from 0."""

    group: Ints
    model: Ints
    models: Ints
    n_groups: int

    @classmethod
    def of(cls, group: ArrayLike, model: ArrayLike) -> _Table:
        group_of = np.unique(np.asarray(group, dtype=np.int64), return_inverse=True)[1].reshape(-1)
        models, model_of = np.unique(np.asarray(model, dtype=np.int64), return_inverse=True)
        return cls(group_of, model_of.reshape(-1), models, int(group_of.max(initial=-1)) + 1)

    def sums(self, number: Floats) -> tuple[Floats, Floats]:
        """Sum and count of the numbers that are defined, shape (groups, models) each."""
        kept = ~np.isnan(number)
        cell = self.group[kept] * len(self.models) + self.model[kept]
        shape = (self.n_groups, len(self.models))
        size = shape[0] * shape[1]
        total = np.bincount(cell, weights=number[kept], minlength=size).reshape(shape)
        return total.astype(np.float64), np.bincount(cell, minlength=size).reshape(shape).astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Ratios:
    """Σ top / Σ bottom over groups, one column a figure; shape (groups, figures) each."""

    top: Floats
    bottom: Floats

    @property
    def has(self) -> Bools:
        return self.bottom > 0

    def __call__(self, weight: Floats) -> Floats:
        """The ratios where each group weighs so much, shape (…, groups) → (…, figures); NaN without any."""
        bottom = weight @ self.bottom
        ratio = np.divide(weight @ self.top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0)
        return np.asarray(ratio)


def model_scores(
    group: ArrayLike,
    model: ArrayLike,
    *,
    score: ArrayLike,
    passed: ArrayLike,
    level: ArrayLike,
    n_levels: int = 3,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> ModelScores:
    """Score the models and compare every two of them on the groups that both answered.

    The interval of a mean and of a difference is that of the group bootstrap with expanded percentiles, from six
    groups on; that of a share is Wilson's with the effective size of the group jackknife, since a bootstrap of a
    share of 0 has no width.
    The test flips the sign of each group's difference: under the hypothesis that the two models answer alike, either
    could have given either answer, and this needs no normal scores and holds with few groups.

    Args:
        group: the prompt that each item answers, shape (items,), as all others.
        model: who answered.
        score: NaN where undefined.
        passed: 1, 0, or NaN where undefined.
        level: the overall level from 0 (worst), or −1 where undefined.

    Raises:
        BadInput: the arrays differ in length, or a level lies outside.
    """
    table = _Table.of(group, model)
    columns = [np.asarray(column, dtype=np.float64).reshape(-1) for column in (score, passed, level)]
    scores, passes, levels = columns
    if any(len(column) != len(table.model) for column in (table.group, *columns)):
        raise BadInput("group, model, score, passed and level must have the same length", code="schema")
    if ((levels < -1) | (levels >= n_levels)).any():
        raise BadInput(f"an overall level is −1 or a whole number below {n_levels}", code="schema")
    total, count = table.sums(scores)
    difference, is_shared = _differences(total, count)
    draws = list(_drawn(_Ratios(np.hstack([total, difference]), np.hstack([count, is_shared])), seed, replicates))
    drawn = np.concatenate(draws) if draws else np.empty((0, 0))
    n_models = len(table.models)
    pairs = _pairs(table.models, _Ratios(difference, is_shared), drawn[:, n_models:], seed)
    n_tested = sum(pair.p_value is not None for pair in pairs)
    is_level = [np.where(levels < 0, np.nan, levels == k) for k in range(n_levels)]
    return ModelScores(
        models=_models(table, _Ratios(total, count), drawn[:, :n_models], passes, is_level),
        pairs=pairs,
        fewest_groups=fewest_groups(n_tested) if n_tested else None,
        seed=seed,
        replicates=replicates,
    )


def _differences(total: Floats, count: Floats) -> tuple[Floats, Floats]:
    """Differences of group means of each pair, 0 where one is missing, and where both are there; (groups, pairs)."""
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    pairs = list(combinations(range(total.shape[1]), 2))
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    is_shared = (count[:, first] > 0) & (count[:, second] > 0)
    return np.where(is_shared, mean[:, first] - mean[:, second], 0.0), is_shared.astype(np.float64)


def _drawn(ratios: _Ratios, seed: int, replicates: int) -> Iterator[Floats]:
    """The ratios of groups drawn anew, shape (replicates, figures), some at a time."""
    n_groups = len(ratios.top)
    rng = np.random.default_rng(seed)
    for size in chunks(replicates, n_groups):
        yield ratios(rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=size).astype(np.float64))


def _models(
    table: _Table, mean: _Ratios, drawn: Floats, passed: Floats, is_level: Sequence[Floats]
) -> tuple[ModelScore, ...]:
    pass_rates = _shares(table, passed)
    level_shares = [_shares(table, one) for one in is_level]
    return tuple(
        ModelScore(
            model=int(table.models[at]),
            n_items=int((table.model == at).sum()),
            n_groups=len(np.unique(table.group[table.model == at])),
            score=_mean_figure(mean, drawn, at, Reason.NOTHING_SCORED),
            pass_rate=pass_rates[at],
            level_shares=tuple(shares[at] for shares in level_shares),
        )
        for at in range(len(table.models))
    )


def _shares(table: _Table, is_so: Floats) -> list[Figure]:
    """The share of ones among zeros and ones, a model."""
    top, bottom = table.sums(is_so)
    found = []
    for hits, n in zip(top.T, bottom.T, strict=True):
        groups = n > 0
        n_items, n_groups = int(n.sum()), int(groups.sum())
        if n_items == 0:
            found.append(_figure(None, n_items, n_groups, because=Reason.NOTHING_SCORED))
            continue
        share = float(hits.sum() / n_items)
        if n_groups == 1:
            found.append(_figure(share, n_items, n_groups, because=Reason.SINGLE_GROUP))
            continue
        left_out = (hits.sum() - hits[groups]) / (n_items - n[groups])
        interval = proportion(share, left_out, np.ones(n_groups, dtype=np.int64), n_groups)
        found.append(_figure(share, n_items, n_groups, interval))
    return found


def _mean_figure(ratios: _Ratios, drawn: Floats, at: int, missing: Reason) -> Figure:
    """One of the ratios with its bootstrap interval, or why there is none."""
    top, bottom = (side[ratios.has[:, at], at] for side in (ratios.top, ratios.bottom))
    n_items, n_groups = int(bottom.sum()), len(bottom)
    if n_groups == 0:
        return _figure(None, n_items, n_groups, because=missing)
    value = float(top.sum() / bottom.sum())
    if n_groups < MIN_GROUPS:
        return _figure(value, n_items, n_groups, because=Reason.TOO_FEW_GROUPS)
    if np.ptp(top / bottom) <= SAME:
        return _figure(value, n_items, n_groups, because=Reason.NO_SPREAD)
    defined = drawn[~np.isnan(drawn[:, at]), at]
    if len(defined) < (1 - MAX_UNDEFINED) * len(drawn):
        return _figure(value, n_items, n_groups, because=Reason.UNSTABLE_REPLICATES)
    return _figure(value, n_items, n_groups, expanded_percentiles(defined, n_groups, Method.GROUP_BOOTSTRAP))


def _figure(
    value: float | None, n_items: int, n_groups: int, interval: Interval | None = None, because: Reason | None = None
) -> Figure:
    return Figure(
        value=value,
        ci_low=interval.low if interval else None,
        ci_high=interval.high if interval else None,
        n_items=n_items,
        n_pairable=n_items,
        n_groups=n_groups,
        n_reviewers=None,
        method=interval.method if interval else Method.NONE,
        undefined_because=because,
    )


def _pairs(models: Ints, mean: _Ratios, drawn: Floats, seed: int) -> tuple[ModelPair, ...]:
    n_shared = mean.bottom.sum(axis=0).astype(np.int64)
    tested = np.flatnonzero(n_shared >= 2)
    p_value = np.full(len(n_shared), np.nan)
    p_value[tested] = sign_flip(mean.top[:, tested], seed)
    p_holm = np.full(len(n_shared), np.nan)
    p_holm[tested] = holm(p_value[tested])
    return tuple(
        ModelPair(
            first=int(models[first]),
            second=int(models[second]),
            n_shared_groups=int(n_shared[at]),
            difference=_mean_figure(mean, drawn, at, Reason.NO_SHARED_GROUPS),
            p_value=_known(p_value[at]),
            p_holm=_known(p_holm[at]),
            smallest_detectable=smallest_detectable(mean.top[mean.has[:, at], at], max(len(tested), 1)),
        )
        for at, (first, second) in enumerate(combinations(range(len(models)), 2))
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)
