"""Whether an item lowers the agreement of a whole project by more than the project allows."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evalhub.rubrics.schema import Criterion
from evalhub.stats import PatternCounts, Scale
from evalhub.stats.items import influence

FEWEST_ITEMS = 10
"""Graded twice or more; with fewer one item can always move alpha a lot."""
Pattern = tuple[int, ...]
"""The ratings that each level of an item got, from the worst."""


def lowers_alpha(
    criterion: Criterion, judged: Pattern, counts: Counter[Pattern], counted: Pattern, *, threshold: float
) -> bool:
    """Whether the criterion's alpha would be higher by the threshold or more without the item.

    False where all gave the same level, before ten items were graded twice, and with a range, of which no counts are
    kept.

    Args:
        judged: what the item is judged by: corrections and the rating of one more reviewer included.
        counts: items of the project by pattern, this one among them as far as it counts.
        counted: the pattern with which it stands there; all 0 where it does not.
    """
    if criterion.range is not None or sum(n > 0 for n in judged) < 2:
        return False
    others = counts - Counter([counted])
    if sum(n for pattern, n in others.items() if sum(pattern) > 1) + 1 < FEWEST_ITEMS:
        return False
    found = influence(
        PatternCounts.from_patterns(others, len(criterion.levels)),
        judged,
        scale=Scale.named(criterion.scale.value),
        values=np.array([level.score for level in criterion.levels]),
    )
    return found is not None and -found >= threshold
