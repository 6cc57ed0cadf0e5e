"""Scales of measurement, and the distance between two levels on each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from evalhub.errors import BadInput
from evalhub.stats.figure import Floats


class Scale(StrEnum):
    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"

    @classmethod
    def named(cls, name: str) -> Scale:
        """The scale of that name.

        Raises:
            BadInput: there is none.
        """
        try:
            return cls(name)
        except ValueError:
            raise BadInput(f'there is no scale "{name}"; use one of {", ".join(cls)}', code="schema") from None


def mid_ranks(marginals: Floats) -> Floats:
    """The middle rank of each level among all ratings, counted from the middle of them; shape (…, levels)."""
    below = np.cumsum(marginals, axis=-1) - marginals
    ranks: Floats = below + (marginals - marginals.sum(axis=-1, keepdims=True)) / 2
    return ranks


@dataclass(frozen=True)
class Distance:
    """δ between levels.

    Ordinal and interval distances are squared differences of scores (mid-ranks, or the values themselves);
    nominal and ratio distances are fixed matrices. Both forms are used: sums of squares cost one pass.
    """

    scale: Scale
    values: Floats

    @property
    def is_by_score(self) -> bool:
        return self.scale in (Scale.ORDINAL, Scale.INTERVAL)

    def scores(self, marginals: Floats) -> Floats:
        """The scores whose squared differences are the distance; shape of `marginals` (…, levels)."""
        if self.scale is Scale.ORDINAL:
            return mid_ranks(marginals)
        centred = self.values - self.values.mean()
        return np.broadcast_to(centred, marginals.shape)

    def matrix(self, marginals: Floats) -> Floats:
        """δ for the marginals of one sample; shape (levels, levels)."""
        if self.scale is Scale.NOMINAL:
            return 1.0 - np.eye(len(marginals))
        if self.scale is Scale.RATIO:
            total = self.values[:, None] + self.values[None, :]
            gap = self.values[:, None] - self.values[None, :]
            share: Floats = np.divide(gap, total, out=np.zeros_like(gap), where=total != 0)
            return share**2
        scores = self.scores(marginals)
        return np.asarray((scores[:, None] - scores[None, :]) ** 2, dtype=np.float64)


def distance(scale: Scale, n_levels: int, values: Floats | None = None) -> Distance:
    """The distance of a scale; without values the levels stand for their ranks 0, 1, 2, …

    Raises:
        BadInput: the values do not fit the levels, or one is below 0 on a ratio scale.
    """
    numbers = as_values(values, n_levels)
    if scale is Scale.RATIO and numbers is not None and (numbers < 0).any():
        raise BadInput(f"a ratio scale begins at 0, and {numbers.min():g} is below it; use interval", code="schema")
    return Distance(scale=scale, values=np.arange(n_levels, dtype=np.float64) if numbers is None else numbers)


def as_values(values: ArrayLike | None, n_levels: int) -> Floats | None:
    """One finite number a level, or None where none are given.

    Raises:
        BadInput: there are not that many, or they are not finite.
    """
    if values is None:
        return None
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (n_levels,) or not np.isfinite(numbers).all():
        raise BadInput(f"there must be one finite value for each of the {n_levels} levels", code="schema")
    return numbers
