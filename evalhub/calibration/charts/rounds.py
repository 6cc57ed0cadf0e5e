"""What changed from one round to the next."""

from __future__ import annotations

from collections.abc import Sequence

from evalhub.calibration.charts.words import number, with_interval
from evalhub.calibration.schema.rounds import Comparison, CriterionChange
from evalhub.stats import METHOD_WORDS, REASON_WORDS
from evalhub.stats.rounds import Change
from evalhub.web.charts import Axis, Chart, Estimate, forest

AXIS = Axis(-1.0, 1.0, ((-1.0, number(-1, 0)), (-0.5, number(-0.5, 1)), (0.0, "0"), (0.5, "+0.5"), (1.0, "+1")))


def change_charts(comparison: Comparison) -> dict[str, Chart]:
    """The differences on the items that nobody talked about, and on all; each only where there are such items."""
    of = comparison.criteria
    afresh = [(one, one.not_discussed) for one in of if one.not_discussed and one.not_discussed.n_shared_items]
    every = [(one, one.all_items) for one in of if one.all_items]
    charts = {"not_discussed": _chart("not-discussed", "Difference on the items that nobody talked about", afresh)}
    if comparison.n_discussed:
        charts["all_items"] = _chart("all-items", "Difference on all items", every)
    return {place: chart for place, chart in charts.items() if chart.rows}


def _chart(name: str, title: str, changes: Sequence[tuple[CriterionChange, Change]]) -> Chart:
    n = [change.n_shared_items for _, change in changes]
    methods = dict.fromkeys(METHOD_WORDS[change.difference.method] for _, change in changes)
    seeds = sorted({change.seed for _, change in changes})
    return Chart(
        name=name,
        title=title,
        description="A row a criterion: a dot at alpha after minus alpha before, a bar for its 95 % interval."
        " Right of 0 reviewers agree more than before.",
        method=f"{_range(n)} items graded by two or more both times; {'; '.join(methods) or 'no interval'};"
        f" seed {', '.join(map(str, seeds))}.",
        headings=("Criterion", "Alpha before", "Alpha after", "Difference", "Low", "High", "Items"),
        rows=tuple(
            (
                one.criterion.title,
                change.before.value,
                change.after.value,
                change.difference.value,
                change.difference.ci_low,
                change.difference.ci_high,
                change.n_shared_items,
            )
            for one, change in changes
        ),
        picture=forest([_estimate(one, change) for one, change in changes], AXIS) if changes else None,
    )


def _estimate(one: CriterionChange, change: Change) -> Estimate:
    difference = change.difference
    because = REASON_WORDS[difference.undefined_because] if difference.undefined_because else ""
    return Estimate(
        one.criterion.title,
        with_interval(difference),
        difference.value,
        difference.ci_low,
        difference.ci_high,
        because=because,
    )


def _range(n: Sequence[int]) -> str:
    if not n:
        return "0"
    return f"{min(n):,}" if min(n) == max(n) else f"{min(n):,} to {max(n):,}"
