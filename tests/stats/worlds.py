"""Simulated reviewers: what they see is the item's quality and some noise, cut into levels."""

from __future__ import annotations

import numpy as np

from evalhub.stats import PatternCounts, Ratings

CUTS = (-0.5, 0.5)


def latent_levels(
    rng: np.random.Generator, quality: np.ndarray, raters: int, noise: float, cuts: tuple[float, ...] = CUTS
) -> np.ndarray:
    """The level that each reviewer gives to each item, shape (items, raters)."""
    return np.digitize(quality[:, None] + noise * rng.normal(size=(len(quality), raters)), cuts)


def ratings_of_levels(levels: np.ndarray, n_levels: int = 3, group: np.ndarray | None = None) -> Ratings:
    items, raters = levels.shape
    return Ratings(
        np.repeat(np.arange(items), raters),
        np.tile(np.arange(raters), items),
        levels.ravel(),
        n_levels=n_levels,
        group=None if group is None else np.repeat(group, raters),
    )


def latent_counts(rng: np.random.Generator, items: int, raters: int, noise: float) -> PatternCounts:
    return PatternCounts.of(ratings_of_levels(latent_levels(rng, rng.normal(size=items), raters, noise)))
