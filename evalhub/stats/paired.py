"""Paired differences by group: a test without normal scores, and what so many groups can tell."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from evalhub.stats.figure import Bools, Floats
from evalhub.stats.intervals import SAME
from evalhub.stats.resampling import chunks

FAMILYWISE = 0.05
FLIPS = 10_000
MOST_ENUMERATED = 14
POWER = 0.8


def sign_flip(difference: Floats, seed: int) -> Floats:
    """Two-sided p-values of the sum of each column under random signs, shape (groups, k) → (k,).

    Either of two models that answer alike could have given either answer of a group, so its difference is as likely
    with the other sign. That holds with few groups and for any scores. Where up to 14 groups differ, the signs are
    all of theirs and the p-value is exact; beyond, 10,000 are drawn and it is at least 1/10,001.

    Source: Fisher (1935), The Design of Experiments, section 21; the + 1: Phipson and Smyth (2010).
    """
    is_small = (difference != 0).sum(axis=0) <= MOST_ENUMERATED
    p_value = np.empty(difference.shape[1])
    p_value[is_small] = [_enumerated(column[column != 0]) for column in difference[:, is_small].T]
    p_value[~is_small] = _drawn(difference[:, ~is_small], seed)
    return p_value


def _enumerated(difference: Floats) -> float:
    """With the first sign fixed: turning all signs over changes nothing."""
    if not len(difference):
        return 1.0
    others = np.arange(len(difference) - 1)
    signs = (np.arange(2 ** len(others))[:, None] >> others & 1) * 2.0 - 1.0
    return float(_is_as_far(difference[0] + signs @ difference[1:], difference.sum()).mean())


def _drawn(difference: Floats, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    as_far = np.zeros(difference.shape[1])
    for size in chunks(FLIPS, len(difference)):
        signs = rng.integers(0, 2, size=(size, len(difference)), dtype=np.int8) * 2.0 - 1.0
        as_far += _is_as_far(signs @ difference, difference.sum(axis=0)).sum(axis=0)
    return np.asarray((1 + as_far) / (1 + FLIPS))


def _is_as_far(flipped: Floats, observed: Floats) -> Bools:
    far = np.abs(observed)
    return np.asarray(np.abs(flipped) >= far - SAME * (1 + far))


def fewest_groups(n_pairs: int) -> int:
    """With fewer groups no pair of so many can be told apart at 5 %: even its least p-value is more after Holm.

    Were all differences of a pair on one side, p would be 2·2^−G with G groups.
    """
    return math.ceil(math.log2(2 * n_pairs / FAMILYWISE))


def smallest_detectable(differences: Floats, n_pairs: int) -> float | None:
    """The true difference that a paired t test of as many groups finds with a chance of .8, two-sided.

    At 5 % over all pairs: the level is .05 / pairs, as Holm's is for the clearest pair. None with too few groups for
    any difference (`fewest_groups`) or without spread.

    Source: Bloom (1995), Minimum Detectable Effects.
    """
    n = len(differences)
    if n < fewest_groups(n_pairs) or float(np.ptp(differences)) <= SAME:
        return None
    se = float(differences.std(ddof=1)) / math.sqrt(n)
    return float(stdtrit(n - 1, 1 - FAMILYWISE / n_pairs / 2) + stdtrit(n - 1, POWER)) * se
