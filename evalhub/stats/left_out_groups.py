"""The group jackknife for statistics of sums that need the long form: who rated what."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix

from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Ints, Reason
from evalhub.stats.intervals import disagreement_bound, is_telling, log_jackknife, no_interval_because
from evalhub.stats.leave_out import LeftOut

PERFECT = 1 - 1e-12


def with_group_interval(
    counts: PatternCounts, parts: csr_matrix, group: Ints, statistic: Callable[[Floats], Floats], *, chance: float = 1.0
) -> Figure:
    """The figure of a statistic of sums, with the delete-one-group interval.

    Args:
        parts: what each item adds to the sums, shape (items, k).
        group: the group of each item.
        statistic: from sums of shape (…, k) to values of shape (…); NaN where it is undefined.
        chance: the mean disagreement expected by chance, for the bound where the jackknife cannot work.
    """
    total = np.asarray(parts.sum(axis=0), dtype=np.float64).reshape(-1)
    value = float(statistic(total))
    if np.isnan(value):
        return figure(counts, None, because=Reason.NO_VARIATION)
    because = no_interval_because(counts)
    if because is not None:
        return figure(counts, value, because=because)
    groups, position = np.unique(group, return_inverse=True)
    member = csr_matrix(
        (np.ones(len(group)), (position.reshape(-1), np.arange(len(group)))), shape=(len(groups), len(group))
    )
    left = statistic(total - (member @ parts).toarray())
    left_out = LeftOut(left, left >= PERFECT, np.ones(len(groups), dtype=np.int64))
    if value < PERFECT and is_telling(left_out):
        return figure(counts, value, log_jackknife(value, left_out))
    bound = disagreement_bound(value, counts, next_distance=1.0, chance=chance)
    return figure(counts, value, bound, Reason.PERFECT_AGREEMENT if value >= PERFECT else None)
