"""The comparison of models as a page shows it: in sentences what it comes to, and on what it rests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from evalhub.calibration.charts.words import number, with_interval
from evalhub.reports.charts import charts, share_words
from evalhub.reports.schema.comparison import Basis, Comparison
from evalhub.stats import ModelPair

MOST_NAMED = 4


def summary(comparison: Comparison) -> tuple[str, ...]:
    """What a reader who stops here should know."""
    pairs = comparison.scores.pairs
    tested = [pair for pair in pairs if pair.p_holm is not None]
    if not tested:
        return ("No two models have two scored prompts in common, so none can be compared.",)
    apart = [pair for pair in tested if pair.is_apart]
    of = "the only pair" if len(tested) == 1 else f"{len(tested)} pairs"
    first = (
        f"{_joined(comparison, apart)} (of {of}, Holm-adjusted at 5 %)."
        if apart
        else f"No two models are told apart by this set (of {of}, Holm-adjusted at 5 %)."
    )
    return (first, _smallest(comparison, tested))


def _smallest(comparison: Comparison, tested: Sequence[ModelPair]) -> str:
    """What the set can see at all."""
    fewest, n_models = comparison.scores.fewest_groups, len(comparison.models)
    if fewest is not None and all(pair.n_shared_groups < fewest for pair in tested):
        return f"No difference can be seen with so few prompts: {fewest} are needed for {n_models} models."
    detectable = [pair.smallest_detectable for pair in tested if pair.smallest_detectable is not None]
    if not detectable:
        return "How small a difference it can see is unknown: the prompts of a pair all differ alike."
    low, high = number(min(detectable)), number(max(detectable))
    size = low if low == high else f"{low} to {high}, by pair"
    return f"The smallest difference that it can see: {size}. What is smaller needs more prompts."


def smallest_words(comparison: Comparison, pair: ModelPair) -> str:
    """The smallest visible difference of a pair, or why there is none."""
    if pair.smallest_detectable is not None:
        return number(pair.smallest_detectable)
    fewest = comparison.scores.fewest_groups
    return f"none: {fewest} prompts needed" if fewest and pair.n_shared_groups < fewest else "no spread"


def p_words(p: float | None) -> str:
    """A p-value as people read it."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def left_out(basis: Basis) -> tuple[str, ...]:
    """Which items are not in the figures, and why."""
    reasons = (
        (basis.n_items - basis.n_scored, "without a score yet: a criterion is disputed, undecided or missing"),
        (basis.n_unfinished, "not yet graded by all planned reviewers"),
        (basis.n_unnamed, "that name no model"),
        (basis.n_other_version, "graded on a version of the rubric whose scores cannot be compared"),
    )
    return tuple(f"{n:,} {'item' if n == 1 else 'items'} {why}" for n, why in reasons if n)


def template_values(comparison: Comparison) -> dict[str, Any]:
    """What the template needs beside the project."""
    adjusted = comparison.adjusted
    return {
        "comparison": comparison,
        "charts": charts(comparison),
        "summary": summary(comparison),
        "left_out": left_out(comparison.basis),
        "models": list(zip_longest(comparison.scores.models, adjusted.models if adjusted else ())),
        "pairs": list(zip_longest(comparison.scores.pairs, adjusted.pairs if adjusted else ())),
        **{one.__name__: one for one in (number, p_words, share_words, smallest_words, with_interval)},
    }


def _joined(comparison: Comparison, apart: Sequence[ModelPair]) -> str:
    """Like "a scores above c, and b above c"."""
    named = []
    for pair in apart:
        first, second = comparison.models[pair.first], comparison.models[pair.second]
        above, below = (first, second) if (pair.difference.value or 0) > 0 else (second, first)
        named.append(f"{above} scores above {below}")
    shown = named[:MOST_NAMED]
    rest = len(named) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest else "")
