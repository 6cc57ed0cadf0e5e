"""How many items two reviewers must both rate to tell one kappa from another."""

from __future__ import annotations

import math

from scipy.special import ndtri

from evalhub.errors import BadInput


def items_to_tell_kappas_apart(
    expected: float,
    null: float,
    *,
    share_a: float,
    share_b: float,
    significance: float = 0.05,
    power: float = 0.8,
    sides: int = 1,
) -> int:
    """The number of items for a test of Cohen's kappa with two levels.

    Args:
        expected, null: the kappa that is true and the one to be refused.
        share_a, share_b: how often each reviewer gives the first level.
        sides: 1 or 2.

    Raises:
        BadInput: a share or kappa is impossible, or both kappas are equal.

    Source: Cantor (1996), Sample-size calculations for Cohen's kappa.
    """
    if not (0 < share_a < 1 and 0 < share_b < 1) or expected == null or sides not in (1, 2):
        raise BadInput(
            "shares must lie between 0 and 1, the kappas must differ, and sides must be 1 or 2", code="schema"
        )
    true_sd, null_sd = (math.sqrt(_variance(kappa, share_a, share_b)) for kappa in (expected, null))
    z = ndtri(1 - significance / sides) * null_sd + ndtri(power) * true_sd
    return math.ceil(float((z / (expected - null)) ** 2))


def _variance(kappa: float, share_a: float, share_b: float) -> float:
    """n times the large-sample variance of kappa. Source: Fleiss, Cohen and Everitt (1969)."""
    rows, columns = (share_a, 1 - share_a), (share_b, 1 - share_b)
    chance = sum(row * column for row, column in zip(rows, columns, strict=True))
    observed = kappa * (1 - chance) + chance
    both = (observed - 1 + share_a + share_b) / 2
    table = ((both, share_a - both), (share_b - both, 1 - share_a - share_b + both))
    if min(min(row) for row in table) < 0:
        raise BadInput(f"no two reviewers with these shares can have a kappa of {kappa:g}", code="schema")
    same = sum(table[i][i] * ((1 - chance) - (columns[i] + rows[i]) * (1 - observed)) ** 2 for i in (0, 1))
    apart = (1 - observed) ** 2 * sum(table[i][1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
    return (same + apart - (observed * chance - 2 * chance + observed) ** 2) / (1 - chance) ** 4
