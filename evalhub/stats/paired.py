"""Paired differences by group: a test without normal scores, and what so many groups can tell."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from evalhub.stats.figure import Floats
from evalhub.stats.intervals import LEVEL, SAME
from evalhub.stats.resampling import chunks

FLIPS = 10_000
POWER = 0.8


def sign_flip(difference: Floats, seed: int) -> Floats:
    """Two-sided p-values of the sum of each column under random signs, shape (groups, k) → (k,).

    Either of two models that answer alike could have given either answer of a group, so its difference is as likely
    with the other sign. That holds with few groups and for any scores. At least 1/10,001, as the signs are drawn.

    Source: Fisher (1935), The Design of Experiments, section 21; the + 1: Phipson and Smyth (2010).
    """
    n_groups = len(difference)
    observed = np.abs(difference.sum(axis=0))
    rng = np.random.default_rng(seed)
    as_far = np.zeros(difference.shape[1])
    for size in chunks(FLIPS, n_groups):
        signs = rng.integers(0, 2, size=(size, n_groups), dtype=np.int8) * 2.0 - 1.0
        as_far += (np.abs(signs @ difference) >= observed - SAME * (1 + observed)).sum(axis=0)
    return np.asarray((1 + as_far) / (1 + FLIPS))


def smallest_detectable(differences: Floats) -> float | None:
    """The true difference that a paired t test of as many groups finds at 5 %, two-sided, with a chance of .8.

    None with fewer than two groups or without spread.

    Source: Bloom (1995), Minimum Detectable Effects.
    """
    n = len(differences)
    if n < 2 or float(np.ptp(differences)) <= SAME:
        return None
    se = float(differences.std(ddof=1)) / math.sqrt(n)
    return float(stdtrit(n - 1, LEVEL) + stdtrit(n - 1, POWER)) * se
