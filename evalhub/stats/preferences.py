"""Which of two models people prefer, whether they agree on it, and whether the side of the page decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalhub.errors import BadInput
from evalhub.stats.alpha import alpha
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats, Ints, Reason
from evalhub.stats.intervals import proportion
from evalhub.stats.numbering import numbered
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale

STEPS = 5
"""From the first answer much better to the second much better."""
UNNAMED = -1


@dataclass(frozen=True, slots=True)
class ModelPreference:
    """Two models side by side: how often each step was chosen, and the share of the first, where a tie is half."""

    first: int
    second: int
    chosen: tuple[int, ...]
    share: Figure


@dataclass(frozen=True, slots=True)
class PreferenceFigures:
    """The figures of all preferences.

    `left` is the share of the left answer among those that preferred either: .5 where the side decides nothing. `alpha`
    is ordinal over the five steps.
    """

    pairs: tuple[ModelPreference, ...]
    left: Figure
    alpha: Figure


def preference_figures(
    *,
    pair: ArrayLike,
    group: ArrayLike,
    rater: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    leaning: ArrayLike,
    first_is_left: ArrayLike,
) -> PreferenceFigures:
    """Count the preferences of each two models, and say how far they can be trusted.

    Shares have Wilson's interval with the effective size that leaving out one prompt at a time implies, since several
    people answer about one prompt.

    Args:
        pair: the pair of answers, shape (preferences,), as all others; alpha needs pairs with two reviewers.
        group: the prompt that both answer.
        rater: who said it.
        first: number of the model whose answer is meant by a leaning below 0; `UNNAMED` where the models are not two.
        second: number of the other.
        leaning: from −2, the first is much better, over 0, about the same, to 2, the second is much better.
        first_is_left: whether the first was shown on the left.

    Raises:
        BadInput: the arrays differ in length, or a leaning lies outside.
    """
    columns = [np.asarray(one, dtype=np.int64).reshape(-1) for one in (pair, group, rater, first, second, leaning)]
    pairs, groups, raters, firsts, seconds, leanings = columns
    is_left = np.asarray(first_is_left, dtype=np.bool_).reshape(-1)
    if len({len(column) for column in (*columns, is_left)}) != 1:
        raise BadInput("all columns must have the same length", code="schema")
    if (abs(leanings) > 2).any():
        raise BadInput("a leaning is a whole number from −2 to 2", code="schema")
    decided = leanings != 0
    left_won = (leanings < 0) == is_left
    ratings = Ratings(pairs, raters, leanings + 2, n_levels=STEPS, group=groups)
    return PreferenceFigures(
        pairs=_by_models(firsts, seconds, leanings, groups),
        left=_share(left_won[decided].astype(np.float64), groups[decided]),
        alpha=alpha(PatternCounts.of(ratings), scale=Scale.ORDINAL),
    )


def _by_models(first: Ints, second: Ints, leaning: Ints, group: Ints) -> tuple[ModelPreference, ...]:
    named = (first != UNNAMED) & (second != UNNAMED)
    found = []
    for one, other in np.unique(np.column_stack([first[named], second[named]]), axis=0):
        here = (first == one) & (second == other)
        chosen = np.bincount(leaning[here] + 2, minlength=STEPS)
        share = _share((1 - np.sign(leaning[here])) / 2, group[here])
        found.append(ModelPreference(int(one), int(other), tuple(int(n) for n in chosen), share))
    return tuple(found)


def _share(value: Floats, group: Ints) -> Figure:
    """The mean of numbers from 0 to 1, with an interval where they are about two prompts or more."""
    n = len(value)
    if n == 0:
        return Figure(None, None, None, 0, 0, 0, None, undefined_because=Reason.NO_PREFERENCE)
    groups, place = numbered(group)
    share, n_groups = float(value.mean()), len(groups)
    if n_groups == 1:
        return Figure(share, None, None, n, n, n_groups, None, undefined_because=Reason.SINGLE_GROUP)
    total, size = np.bincount(place, weights=value), np.bincount(place)
    left_out = (total.sum() - total) / (n - size)
    found = proportion(share, left_out, np.ones(n_groups, dtype=np.int64), n_groups)
    return Figure(share, found.low, found.high, n, n, n_groups, None, found.method)
