"""How much two different levels count as agreement, from 1 (the same) to 0 (the ends of the scale)."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from evalhub.errors import BadInput
from evalhub.stats.figure import Floats


class Weights(StrEnum):
    IDENTITY = "identity"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    ORDINAL = "ordinal"

    @classmethod
    def named(cls, name: str) -> Weights:
        """The weights of that name.

        Raises:
            BadInput: there are none.
        """
        try:
            return cls(name)
        except ValueError:
            raise BadInput(f'there are no weights "{name}"; use one of {", ".join(cls)}', code="schema") from None

    def matrix(self, n_levels: int, values: Floats | None = None) -> Floats:
        """Weights between the levels, shape (levels, levels).

        Args:
            values: what the levels stand for (default: their ranks); ordinal weights look at ranks only.

        Source: Gwet (2014), Handbook of Inter-Rater Reliability, chapter 3. His ordinal weights are not the ordinal
        distance of Krippendorff.
        """
        same = np.eye(n_levels)
        if self is Weights.IDENTITY or n_levels < 2:
            return same
        ranks = np.arange(n_levels, dtype=np.float64)
        numbers = ranks if values is None or self is Weights.ORDINAL else np.asarray(values, dtype=np.float64)
        gap = np.abs(numbers[:, None] - numbers[None, :])
        apart = {Weights.LINEAR: gap, Weights.QUADRATIC: gap**2, Weights.ORDINAL: gap * (gap + 1) / 2}[self]
        largest = apart.max()
        return np.asarray(1 - apart / largest) if largest > 0 else np.ones_like(apart)
