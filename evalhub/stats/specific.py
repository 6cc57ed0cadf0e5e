"""Specific agreement: when a reviewer gives a level, how often another reviewer of the item gives it too."""

from __future__ import annotations

import numpy as np

from evalhub.stats import leave_out
from evalhub.stats.alpha import figure
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Reason
from evalhub.stats.intervals import proportion
from evalhub.stats.leave_out import without_each_group


def specific_agreement(counts: PatternCounts) -> tuple[Figure, ...]:
    """One figure a level: Σ c(c − 1)/(m − 1) / Σ c over pairable items.

    Undefined for a level that no pairable item carries.

    Source: Cicchetti and Feinstein (1990), for any number of reviewers.
    """
    if counts.n_pairable == 0:
        return tuple(figure(counts, None, because=Reason.NO_PAIRABLE_UNITS) for _ in range(counts.n_levels))
    confirmed, given = _parts(counts)
    deletions = without_each_group(counts)
    left_confirmed = leave_out.totals(counts, deletions, confirmed)
    left_given = leave_out.totals(counts, deletions, given)
    carrying = leave_out.totals(counts, deletions, given) < counts.n_units @ given
    figures = []
    for level in range(counts.n_levels):
        total = float((counts.n_units @ given)[level])
        if total == 0:
            figures.append(figure(counts, None, because=Reason.LEVEL_NEVER_GIVEN))
            continue
        share = float((counts.n_units @ confirmed)[level]) / total
        left = np.divide(
            left_confirmed[:, level],
            left_given[:, level],
            out=np.full(len(left_given), share),
            where=left_given[:, level] > 0,
        )
        n_carrying = int(deletions.weight[carrying[:, level]].sum())
        figures.append(figure(counts, share, proportion(share, left, deletions.weight, n_carrying)))
    return tuple(figures)


def pooled_specific_agreement(counts: PatternCounts, levels: list[int]) -> float | None:
    """Σ numerators / Σ denominators over some levels; None where none of them was given."""
    confirmed, given = _parts(counts)
    total = float((counts.n_units @ given)[levels].sum())
    return float((counts.n_units @ confirmed)[levels].sum()) / total if total else None


def _parts(counts: PatternCounts) -> tuple[Floats, Floats]:
    """Confirmed and given ratings an item of each pattern adds, shape (patterns, levels)."""
    rows = np.where(counts.is_pairable[:, None], counts.patterns, 0).astype(np.float64)
    others = np.maximum(counts.n_ratings - 1, 1)[:, None]
    return rows * np.maximum(rows - 1, 0) / others, rows
