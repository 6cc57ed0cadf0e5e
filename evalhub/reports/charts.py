"""The charts of the comparison of models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from evalhub.calibration.charts.words import number, percent, with_interval
from evalhub.reports.schema.comparison import Comparison
from evalhub.rubrics.schema.models import OverallLevel
from evalhub.stats import METHOD_WORDS, REASON_WORDS, Figure, Method, ModelPair
from evalhub.web.charts import Axis, Cell, Chart, Estimate, Part, Stack, forest, matrix, stacked
from evalhub.web.charts.matrix import shade
from evalhub.web.charts.picture import Value

MOST_PAIRS = 15
"""Pairs that the chart of differences draws; the table has all."""
SHARES = Axis(0.0, 1.0, ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")))
ROUNDING = 1e-9
OF_EACH = ("Low", "High", "Items", "Prompts")


def charts(comparison: Comparison) -> dict[str, Chart]:
    """The charts by name: mean scores, differences, pass rates where something says what passes, and levels."""
    found = [_scores_chart(comparison), _differences_chart(comparison)]
    if comparison.has_pass:
        found.append(_pass_chart(comparison))
    found.append(_levels_chart(comparison))
    return {chart.name: chart for chart in found}


def _scores_chart(comparison: Comparison) -> Chart:
    raw = [one.score for one in comparison.scores.models]
    adjusted = [one.score for one in comparison.adjusted.models] if comparison.adjusted else []
    also = " The grey row below each has the severity of its reviewers taken out." if adjusted else ""
    ends = ("Adjusted", "Adjusted low", "Adjusted high") if adjusted else ()
    estimates = [[_estimate(name, figure)] for name, figure in zip(comparison.models, raw, strict=True)]
    rows = [(name, *_numbers(figure)) for name, figure in zip(comparison.models, raw, strict=True)]
    for at, figure in enumerate(adjusted):
        estimates[at].append(_estimate(f"{comparison.models[at]}, adjusted", figure, is_weak=True))
        rows[at] += _ends(figure)
    return Chart(
        name="scores",
        title="Mean score",
        description=f"A row a model: a dot at its mean score, a bar for its 95 % interval.{also}",
        method=_method(comparison, raw + adjusted),
        headings=("Model", "Mean score", *OF_EACH, *ends),
        rows=tuple(rows),
        picture=forest([one for pair in estimates for one in pair], _score_axis(raw, raw + adjusted)),
    )


def _differences_chart(comparison: Comparison) -> Chart:
    pairs = [pair for pair in comparison.scores.pairs if pair.difference.value is not None]
    drawn = sorted(pairs, key=lambda pair: pair.p_value if pair.p_value is not None else 2.0)[:MOST_PAIRS]
    most = f" The {MOST_PAIRS} clearest of {len(pairs)} are drawn." if len(pairs) > MOST_PAIRS else ""
    return Chart(
        name="differences",
        title="Difference on the prompts that both answered",
        description=(
            "A row a pair: a dot at the mean difference of the first less the second, a bar for its 95 % interval."
            f" A bar that crosses 0 shows no difference.{most}"
        ),
        method=_method(comparison, [pair.difference for pair in pairs]),
        headings=(
            *("Pair", "Difference", "Low", "High", "Shared prompts", "p", "p (Holm)", "Smallest visible"),
            *(("Adjusted", "Adjusted low", "Adjusted high", "Adjusted p (Holm)") if comparison.adjusted else ()),
        ),
        rows=tuple(
            _pair_row(comparison, pair, adjusted)
            for pair, adjusted in zip_longest(
                comparison.scores.pairs, comparison.adjusted.pairs if comparison.adjusted else ()
            )
        ),
        picture=forest(
            [_estimate(comparison.pair_name(pair), pair.difference, is_weak=not pair.is_apart) for pair in drawn],
            _difference_axis([pair.difference for pair in drawn]),
        )
        if drawn
        else None,
        because="No two models have a scored prompt in common.",
    )


def _pass_chart(comparison: Comparison) -> Chart:
    rates = [one.pass_rate for one in comparison.scores.models]
    return Chart(
        name="passed",
        title="Pass rate",
        description="A row a model: a dot at the share of its items that pass, a bar for the 95 % interval.",
        method=_method(comparison, rates),
        headings=("Model", "Pass rate", *OF_EACH),
        rows=tuple((comparison.models[one.model], *_numbers(one.pass_rate)) for one in comparison.scores.models),
        picture=forest(
            [_estimate(comparison.models[one.model], one.pass_rate, is_share=True) for one in comparison.scores.models],
            SHARES,
        ),
    )


def _levels_chart(comparison: Comparison) -> Chart:
    names = [level.value.capitalize() for level in OverallLevel]
    shares = [one.level_shares for one in comparison.scores.models]
    cells = [
        [Cell(percent(figure.value), "" if figure.value is None else shade(figure.value)) for figure in row]
        for row in shares
    ]
    return Chart(
        name="levels",
        title="Overall levels",
        description="A row a model: the share of its items at each overall level, darker for more.",
        method=_method(comparison, [figure for row in shares for figure in row]),
        headings=("Model", *(f"{name}{end}" for name in names for end in ("", " low", " high")), "Items"),
        rows=tuple(
            (
                comparison.models[one.model],
                *(value for figure in one.level_shares for value in _ends(figure)),
                one.level_shares[0].n_items,
            )
            for one in comparison.scores.models
        ),
        picture=matrix(list(comparison.models), names, cells, side="Model", top="Share of items")
        if any(figure.value is not None for row in shares for figure in row)
        else None,
        because="No item has an overall level yet.",
    )


def level_bars(comparison: Comparison) -> Chart:
    """The levels of the same table as bars, for the dashboard."""
    table = _levels_chart(comparison)
    css = dict(zip(OverallLevel, ("c-low", "c-mid", "c-high"), strict=True))
    rows = [
        Stack(
            comparison.models[one.model],
            f"n {one.level_shares[0].n_items:,}",
            [
                Part(css[level], figure.value or 0.0, percent(figure.value))
                for level, figure in zip(OverallLevel, one.level_shares, strict=True)
            ],
        )
        for one in comparison.scores.models
    ]
    return replace(
        table,
        name="levels-by-model",
        title="Overall levels of each model",
        description="A bar a model, parted by the overall levels of its items; the table has the 95 % intervals.",
        picture=stacked(rows, [(css[level], level.value) for level in OverallLevel]) if table.picture else None,
    )


def _estimate(label: str, figure: Figure, *, is_weak: bool = False, is_share: bool = False) -> Estimate:
    words = share_words(figure) if is_share else with_interval(figure)
    because = REASON_WORDS[figure.undefined_because] if figure.undefined_because else ""
    return Estimate(label, words, figure.value, figure.ci_low, figure.ci_high, is_weak=is_weak, because=because)


def share_words(figure: Figure) -> str:
    """Like "78 % (52 % to 92 %)"."""
    if figure.value is None:
        return "undefined"
    if figure.ci_low is None:
        return f"{percent(figure.value)}, no interval"
    return f"{percent(figure.value)} ({percent(figure.ci_low)} to {percent(figure.ci_high)})"


def _method(comparison: Comparison, figures: Iterable[Figure]) -> str:
    """On how much it rests, and how the intervals were made, each way once."""
    basis, scores = comparison.basis, comparison.scores
    ways = [METHOD_WORDS[way] for way in dict.fromkeys(figure.method for figure in figures) if way is not Method.NONE]
    drawn = f", {scores.replicates:,} draws, seed {scores.seed}"
    made = "; ".join(way + (drawn if way == METHOD_WORDS[Method.GROUP_BOOTSTRAP] else "") for way in ways)
    rubric = f"rubric {basis.rubric}, version {basis.rubric_version}"
    return f"{basis.n_scored:,} scored items; {made or 'no interval'}; {rubric}."


def _numbers(figure: Figure) -> tuple[Value, ...]:
    return (*_ends(figure), figure.n_items, figure.n_groups)


def _ends(figure: Figure) -> tuple[Value, ...]:
    return (figure.value, figure.ci_low, figure.ci_high)


def _pair_row(comparison: Comparison, pair: ModelPair, adjusted: ModelPair | None) -> tuple[Value, ...]:
    tests = (pair.n_shared_groups, pair.p_value, pair.p_holm, pair.smallest_detectable)
    beside = (*_ends(adjusted.difference), adjusted.p_holm) if adjusted else ()
    return (comparison.pair_name(pair), *_ends(pair.difference), *tests, *beside)


def _score_axis(raw: Sequence[Figure], figures: Sequence[Figure]) -> Axis:
    """From 0 to 1 where all raw scores lie there, else in round steps around all of them."""
    if all(-ROUNDING <= end <= 1 + ROUNDING for end in _shown(raw)):
        return Axis(0.0, 1.0, ((0.0, "0"), (0.25, ".25"), (0.5, ".5"), (0.75, ".75"), (1.0, "1")))
    low, high = min(_shown(figures)), max(_shown(figures))
    step = _round_step(max(high - low, ROUNDING) / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Axis(first * step, last * step, tuple((at * step, f"{at * step:g}") for at in range(first, last + 1)))


def _difference_axis(figures: Sequence[Figure]) -> Axis:
    """Around 0, as far as the widest interval reaches."""
    step = _round_step(max([ROUNDING, *map(abs, _shown(figures))]) / 2)
    ticks = tuple((at * step, number(at * step, 2) if at <= 0 else f"+{number(at * step, 2)}") for at in (-1, 0, 1))
    return Axis(-2 * step, 2 * step, ((-2 * step, ""), *ticks, (2 * step, "")))


def _shown(figures: Iterable[Figure]) -> list[float]:
    """The values and the ends of their intervals."""
    return [end for one in figures for end in (one.value, one.ci_low, one.ci_high) if end is not None]


def _round_step(least: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least - 1e-12)
