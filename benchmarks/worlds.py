"""Simulated worlds whose truth is known: items, reviewers who read them, and the levels that come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from evalhub.stats import PatternCounts, Ratings, Scale
from evalhub.stats.alpha import alpha_value
from evalhub.stats.scale import distance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING = -1
TRUTH_ITEMS = 1_000_000
TRUTH_SEED = 7
LINKING = 0.2


class Panel(StrEnum):
    """Who rates an item."""

    COMPLETE = "complete"
    RANDOM = "random"
    RING = "ring"
    TEAMS = "teams"


@dataclass(frozen=True, eq=False)
class Sample:
    """Levels of a world's items, shape (items, reviewers), MISSING where a reviewer did not rate."""

    levels: Ints
    group: Ints
    n_levels: int

    @property
    def by_unit(self) -> Ints:
        """Ratings a level, shape (items, levels)."""
        return np.stack([(self.levels == level).sum(axis=1) for level in range(self.n_levels)], axis=1)

    def counts(self) -> PatternCounts:
        return PatternCounts.from_unit_counts(self.by_unit, group=self.group)

    def counts_by_item(self) -> PatternCounts:
        """The same without the groups, as if no two items answered one prompt."""
        return PatternCounts.from_unit_counts(self.by_unit)

    def ratings(self) -> Ratings:
        unit, rater = np.nonzero(self.levels != MISSING)
        return Ratings(unit, rater, self.levels[unit, rater], n_levels=self.n_levels, group=self.group[unit])


class World(Protocol):
    """Something that items can be drawn from, again and again, by the same reviewers."""

    @property
    def n_levels(self) -> int: ...

    def draw(self, rng: np.random.Generator, n_items: int) -> Sample: ...


@dataclass(frozen=True, eq=False)
class Latent:
    """Reviewers see an item's normal quality through noise and cut it at thresholds.

    Args:
        cuts: where reviewers cut, shape (reviewers, boundaries), in standard deviations of quality.
        noise: the standard deviation of each reviewer's noise, shape (reviewers,).
        vague: a further noise of each reviewer at each boundary, shape (reviewers, boundaries); cuts must ascend.
        per_group: items a prompt, which share `group_share` of the variance of quality.
        panel, size: who rates an item, and how many do in a random or fixed panel.
    """

    cuts: Floats
    noise: Floats
    vague: Floats | None = None
    per_group: int = 1
    group_share: float = 0.0
    panel: Panel = Panel.COMPLETE
    size: int = 3

    @property
    def n_levels(self) -> int:
        return int(self.cuts.shape[1]) + 1

    def draw(self, rng: np.random.Generator, n_items: int) -> Sample:
        n_reviewers = len(self.noise)
        group = np.arange(n_items) // self.per_group
        quality = rng.normal(size=group[-1] + 1)[group] * np.sqrt(self.group_share)
        quality += rng.normal(size=n_items) * np.sqrt(1 - self.group_share)
        seen = quality[:, None] + rng.normal(size=(n_items, n_reviewers)) * self.noise
        levels = np.zeros(seen.shape, dtype=np.int64)
        for k in range(self.n_levels - 1):
            levels += self._is_above(k, seen, rng)
        return Sample(np.where(rated_by(self, rng, n_items, n_reviewers), levels, MISSING), group, self.n_levels)

    def _is_above(self, k: int, seen: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Vagueness of a boundary decides only between its two levels, never past a neighbouring cut."""
        if self.vague is None:
            return np.asarray(seen > self.cuts[:, k])
        above = seen + rng.normal(size=seen.shape) * self.vague[:, k] > self.cuts[:, k]
        if k + 1 < self.cuts.shape[1]:
            above |= seen > self.cuts[:, k + 1]
        if k > 0:
            above &= seen > self.cuts[:, k - 1]
        return np.asarray(above)


@dataclass(frozen=True, eq=False)
class Confusion:
    """An item has a true level, and each reviewer gives another one with chances of their own.

    Args:
        shares: how often each level is the true one, shape (levels,).
        chances: what a reviewer gives for each true level, shape (reviewers, levels, levels).
    """

    shares: Floats
    chances: Floats
    panel: Panel = Panel.COMPLETE
    size: int = 3

    @property
    def n_levels(self) -> int:
        return len(self.shares)

    def draw(self, rng: np.random.Generator, n_items: int) -> Sample:
        truth = rng.choice(self.n_levels, size=n_items, p=self.shares)
        reached = np.cumsum(self.chances, axis=2)[:, truth, :]
        levels = (rng.random((len(self.chances), n_items, 1)) > reached[:, :, :-1]).sum(axis=2).T
        is_rated = rated_by(self, rng, n_items, len(self.chances))
        return Sample(np.where(is_rated, levels, MISSING), np.arange(n_items), self.n_levels)


def rated_by(world: Latent | Confusion, rng: np.random.Generator, n_items: int, n_reviewers: int) -> NDArray[np.bool_]:
    """Who rates which item.

    In a ring a fixed panel is a reviewer with the next ones; in teams it is always the same few, and one item in five
    goes to a random panel, so that a chain of items links all of them.
    """
    if world.panel is Panel.COMPLETE:
        return np.ones((n_items, n_reviewers), dtype=np.bool_)
    reviewer = np.arange(n_reviewers)[None, :]
    first = rng.integers(0, n_reviewers, (n_items, 1))
    if world.panel is Panel.RING:
        return np.asarray((reviewer - first) % n_reviewers < world.size)
    anybody = rng.random((n_items, n_reviewers)).argsort(axis=1).argsort(axis=1) < world.size
    if world.panel is Panel.RANDOM:
        return np.asarray(anybody)
    return np.asarray(
        np.where(rng.random((n_items, 1)) < LINKING, anybody, reviewer // world.size == first // world.size)
    )


def cuts_at(shares: list[float], n_reviewers: int) -> Floats:
    """Cuts shared by all reviewers at which the levels of noiseless quality have these shares."""
    return np.tile(ndtri(np.cumsum(shares)[:-1]), (n_reviewers, 1))


def neighbours(right: list[float], n_levels: int) -> Floats:
    """Chances of reviewers who are right so often, and otherwise one level off."""
    chances = np.zeros((len(right), n_levels, n_levels))
    for reviewer, hit in enumerate(right):
        for level in range(n_levels):
            off = [other for other in (level - 1, level + 1) if 0 <= other < n_levels]
            chances[reviewer, level, level] = hit
            chances[reviewer, level, off] = (1 - hit) / len(off)
    return chances


def true_alpha(world: World, n_items: int = TRUTH_ITEMS) -> float:
    """Ordinal alpha of a sample so large that its own error does not count."""
    counts = world.draw(np.random.default_rng(TRUTH_SEED), n_items).counts_by_item()
    value = alpha_value(counts, distance(Scale.ORDINAL, world.n_levels).matrix(counts.marginals.astype(np.float64)))
    assert value is not None
    return value


def with_alpha(world: Latent, target: float, n_items: int = 200_000) -> Latent:
    """The same world with the noise at which its true alpha is the target."""
    low, high = 0.0, 8.0
    for _ in range(30):
        middle = (low + high) / 2
        if true_alpha(replace(world, noise=np.full(len(world.noise), middle)), n_items) > target:
            low = middle
        else:
            high = middle
    return replace(world, noise=np.full(len(world.noise), (low + high) / 2))
