"""The reliability of the mean of several ratings."""

from __future__ import annotations

from collections.abc import Iterable

from evalhub.calibration.schema.section import MeanReliability
from evalhub.stats import reliability_of_mean


def reliabilities(alpha_interval: float | None, of: Iterable[int]) -> tuple[MeanReliability, ...]:
    """For each number of ratings; empty where the alpha is undefined."""
    if alpha_interval is None:
        return ()
    return tuple(MeanReliability(k, reliability_of_mean(alpha_interval, k)) for k in of)
