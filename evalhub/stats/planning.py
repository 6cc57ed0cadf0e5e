"""How many more items: for an interval of a given width, or for a lower bound above a gate.

Groups are drawn anew from those that were seen, as many as the larger sample would have, and the default interval is
made of each draw; so both answers hold if agreement stays as seen. `benchmarks/planning.py` shows how well that does:
when the predicted items are added, the half width comes within 20 % of the promise in at least 97 % of worlds from
100 groups on, and with three ratings of balanced levels from 50. From 50 items rated twice it does in about 80 %, and
no method can do much better: alpha itself is then known to ± .2, and alpha .5 needs nearly twice the items of .7.
Such a plan calls itself rough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from evalhub.stats.alpha import alpha
from evalhub.stats.bootstrap import MAX_LEVELS, SEED
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Bools, Figure, Floats, Ints, Method, Reason
from evalhub.stats.intervals import LEVEL, SAME
from evalhub.stats.merge import merged
from evalhub.stats.resampling import GroupKinds, alphas_of_sums
from evalhub.stats.scale import Distance, Scale

REPLICATES = 400
MIN_REPLICATES = 50
CELLS = 1_500_000
CHUNK_CELLS = 1_000_000
STEPS = 8
NEAR = 0.01
TOLERANCE = 0.2
MISSED_BY_5_PERCENT = 1.96
GOOD_CHANCE = 0.8
MORE_GROUPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The sizes at which the chance is told, as multiples of the groups there are."""


@dataclass(frozen=True, slots=True)
class WidthPlan:
    """How many more items bring the 95 % interval to ± `target`.

    `half_width` is that of today. `more_items` is 0 where the target is reached, and None, with `because`, where
    nothing can be drawn anew. `is_rough`: the half width will miss the target by more than 20 % with a chance above
    5 %, since so few groups say little about their own spread; ask again when some of the items are in.
    """

    target: float
    n_groups: int
    n_items: int
    half_width: float | None
    more_groups: int | None
    more_items: int | None
    is_rough: bool
    seed: int
    replicates: int
    because: Reason | None


@dataclass(frozen=True, slots=True)
class GatePlan:
    """The chance that the lower bound clears a gate when more items come in, if agreement stays as seen.

    `chances` pairs more items with that chance, in ascending order. `more_items` is the fewest with a chance of .8:
    0 where the bound clears the gate today, None where it is hopeless or undefined. `is_hopeless`: alpha itself is at
    or below the gate, so items alone will not lift it there if agreement stays as seen, and the rubric must be mended.
    """

    gate: float
    n_groups: int
    n_items: int
    chances: tuple[tuple[int, float], ...]
    more_items: int | None
    is_hopeless: bool
    seed: int
    replicates: int
    because: Reason | None


@dataclass(frozen=True, eq=False)
class _Draws:
    """Centre and reach of the interval on log(1 − α) of each draw; NaN where a draw has no two-sided interval."""

    centre: Floats
    reach: Floats

    def half_widths(self) -> Floats:
        return np.asarray(np.exp(self.centre) * np.sinh(self.reach))

    def middle_half_width(self) -> float:
        return _quantile(self.half_widths(), 0.5)

    def chance_above(self, gate: float) -> float:
        """The share of lower bounds at or above the gate; a draw without a two-sided interval does not count."""
        return float((self.centre + self.reach <= math.log1p(-gate)).mean())

    def likely_upper_end(self) -> float:
        """What log(1 − lower bound) stays below with a good chance."""
        return _quantile(self.centre + self.reach, GOOD_CHANCE)


@dataclass(frozen=True, eq=False)
class _Sampler:
    """Draws of any size from the groups that were seen, always from the same seed."""

    kinds: GroupKinds
    metric: Distance
    items_per_group: float
    seed: int
    replicates: int

    @classmethod
    def of(cls, counts: PatternCounts, metric: Distance, seed: int, replicates: int) -> _Sampler:
        kinds = GroupKinds.of(counts)
        affordable = max(CELLS // (len(kinds.weight) * counts.n_levels**2), MIN_REPLICATES)
        return cls(kinds, metric, counts.n_pairable / counts.n_groups, seed, min(replicates, affordable))

    def draw(self, n_groups: int) -> _Draws:
        drawn = self.kinds.draw(np.random.default_rng(self.seed), n_groups, self.replicates)
        per_chunk = max(1, CHUNK_CELLS // self.kinds.pairs.size)
        parts = [self._intervals(drawn[at : at + per_chunk]) for at in range(0, len(drawn), per_chunk)]
        centre, variance = (np.concatenate(column) for column in zip(*parts, strict=True))
        return _Draws(centre, float(stdtrit(n_groups - 1, LEVEL)) * np.sqrt(variance))

    def items(self, groups: int) -> int:
        return math.ceil(groups * self.items_per_group)

    def _intervals(self, drawn: Ints) -> tuple[Floats, Floats]:
        """log(1 − α) and its delete-one-group jackknife variance of each draw; `drawn` is (draws, kinds)."""
        pairs, marginals = drawn @ self.kinds.pairs, drawn @ self.kinds.marginals
        left_out = alphas_of_sums(
            (pairs[:, None] - self.kinds.pairs).reshape(-1, pairs.shape[1]),
            (marginals[:, None] - self.kinds.marginals).reshape(-1, marginals.shape[1]),
            self.metric,
        ).reshape(drawn.shape)
        is_in = drawn > 0
        logs = np.where(is_in, _log_rest(left_out, is_in), 0.0)
        n = drawn.sum(axis=1)
        mean = (logs * drawn).sum(axis=1) / n
        variance = (n - 1) / n * (drawn * (logs - mean[:, None]) ** 2).sum(axis=1)
        variance[variance <= SAME**2] = np.nan
        whole = alphas_of_sums(pairs, marginals, self.metric)
        return _log_rest(whole, np.isfinite(variance)), variance


def items_for_width(
    counts: PatternCounts,
    *,
    scale: Scale,
    values: Floats | None = None,
    target: float = 0.10,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> WidthPlan:
    """How many more pairable items bring the default interval of alpha to a half width of `target`.

    Args:
        values: what the levels stand for on an interval or ratio scale (default: their ranks).
        target: half of the distance from the lower to the upper bound.
        replicates: draws of each size; fewer, as the plan states, where there are very many kinds of groups.
    """
    now, because, sampler = _prepared(counts, scale, values, seed, replicates)
    half_width = (now.ci_high - now.ci_low) / 2 if now.ci_low is not None and now.ci_high is not None else None
    more: int | None = None
    is_rough = False
    if half_width is not None and sampler is not None:
        more = 0 if half_width <= target else _more_groups(sampler, _Draws.middle_half_width, target)
        is_rough = _is_rough(sampler, more)
    return WidthPlan(
        target=target,
        n_groups=now.n_groups,
        n_items=now.n_pairable,
        half_width=half_width if because is None else None,
        more_groups=more,
        more_items=None if more is None or sampler is None else sampler.items(more),
        is_rough=is_rough,
        seed=seed,
        replicates=sampler.replicates if sampler else replicates,
        because=because,
    )


def items_for_gate(
    counts: PatternCounts,
    *,
    scale: Scale,
    values: Floats | None = None,
    gate: float = 0.667,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> GatePlan:
    """The chance that the lower bound of alpha clears `gate` with more items, and how many make that likely.

    The arguments are those of `items_for_width`.
    """
    now, because, sampler = _prepared(counts, scale, values, seed, replicates)
    is_hopeless = now.value is not None and now.value <= gate
    chances: tuple[tuple[int, float], ...] = ()
    more = None
    if now.ci_low is not None and now.ci_low >= gate:
        more = 0
    elif sampler is not None and now.value is not None and not is_hopeless:
        sizes = sorted({math.ceil(now.n_groups * share) for share in MORE_GROUPS})
        draws = ((size, sampler.draw(now.n_groups + size)) for size in sizes)
        chances = tuple((sampler.items(size), draw.chance_above(gate)) for size, draw in draws)
        more = sampler.items(_groups_to_clear(sampler, now.value, gate))
    return GatePlan(
        gate=gate,
        n_groups=now.n_groups,
        n_items=now.n_pairable,
        chances=chances,
        more_items=more,
        is_hopeless=is_hopeless,
        seed=seed,
        replicates=sampler.replicates if sampler else replicates,
        because=because,
    )


def _prepared(
    counts: PatternCounts, scale: Scale, values: Floats | None, seed: int, replicates: int
) -> tuple[Figure, Reason | None, _Sampler | None]:
    """Today's alpha, and what draws larger samples or why nothing can."""
    joined, metric = merged(counts, scale, values)
    now = alpha(joined, scale=scale, values=metric.values)
    because = now.undefined_because
    if because is None and now.method is not Method.JACKKNIFE:
        because = Reason.RESTS_ON_ONE_ITEM
    if because is None and joined.n_levels > MAX_LEVELS:
        because = Reason.TOO_MANY_VALUES
    return now, because, _Sampler.of(joined, metric, seed, replicates) if because is None else None


def _groups_to_clear(sampler: _Sampler, value: float, gate: float) -> int:
    """How many more groups make it likely that the lower bound clears the gate."""
    centre = math.log1p(-value)
    return _more_groups(sampler, lambda draws: draws.likely_upper_end() - centre, math.log1p(-gate) - centre)


def _more_groups(sampler: _Sampler, reach: Callable[[_Draws], float], goal: float) -> int:
    """How many more groups bring a reach down to its goal: it shrinks nearly with the root of their number."""
    now = wanted = sampler.kinds.n_groups
    for _ in range(STEPS):
        ratio = reach(sampler.draw(wanted)) / goal
        before, wanted = wanted, math.ceil(wanted * ratio**2) if math.isfinite(ratio) else 2 * wanted
        if abs(wanted - before) <= NEAR * before:
            break
    return max(wanted - now, 1)


def _is_rough(sampler: _Sampler, more: int) -> bool:
    """Whether the half width may well miss its target by more than 20 %.

    The spread s of log half widths at today's size G is also that of the plan's error; with M groups added, whose
    own spread is s·√(G/M), the half width of all of them strays from the plan by s·√(M/(G + M)).
    """
    n_groups = sampler.kinds.n_groups
    widths = sampler.draw(n_groups).half_widths()
    defined = widths[~np.isnan(widths)]
    spread = float(np.log(defined).std()) if len(defined) else math.inf
    return MISSED_BY_5_PERCENT * spread * math.sqrt(more / (n_groups + more)) > math.log1p(TOLERANCE)


def _quantile(ends: Floats, share: float) -> float:
    """What so many draws stay at or below; a draw without a two-sided interval stays below nothing."""
    return float(np.quantile(np.nan_to_num(ends, nan=np.inf), share, method="higher"))


def _log_rest(alphas: Floats, known: Bools) -> Floats:
    """log(1 − α), NaN where alpha is 1, undefined or not known."""
    rest = 1 - alphas
    usable = known & (rest > SAME)
    return np.log(rest, out=np.full(rest.shape, np.nan), where=usable)
