"""The charts of a session's summary: which levels somebody gave, never beside anybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from evalhub.review.queries.own_levels import OwnLevels
from evalhub.web.charts import Cell, Chart, matrix
from evalhub.web.charts.matrix import shade


def own_charts(given: Sequence[OwnLevels]) -> dict[str, Chart]:
    """One chart for neighbouring criteria of a rubric that share their levels, by name."""
    grouped = groupby(given, key=lambda one: (one.rubric, one.labels))
    charts = (_chart(f"levels-{n}", rubric, list(same)) for n, ((rubric, _), same) in enumerate(grouped, start=1))
    return {chart.name: chart for chart in charts}


def _chart(name: str, rubric: str, given: Sequence[OwnLevels]) -> Chart:
    method = f"{sum(one.n for one in given):,} ratings, counted, all of them yours; {rubric}."
    if not given[0].labels:
        return Chart(
            name=name,
            title=f"My numbers in {rubric}",
            description="",
            method=method,
            headings=("Criterion", "Least", "Median", "Most", "Not applicable", "Ratings"),
            rows=tuple((one.criterion, *_middle(one.values), one.not_applicable, one.n) for one in given),
            picture=None,
            because="Criteria with a number have no levels to draw; the table says what you gave.",
        )
    labels = [*given[0].labels, *(["Not applicable"] if any(one.not_applicable for one in given) else [])]
    counts = [[*one.counts, one.not_applicable][: len(labels)] for one in given]
    return Chart(
        name=name,
        title=f"My levels in {rubric}",
        description="A row a criterion: how often you gave each level; darker is a larger share of the row.",
        method=method,
        headings=("Criterion", *labels, "Ratings"),
        rows=tuple((one.criterion, *row, one.n) for one, row in zip(given, counts, strict=True)),
        picture=matrix(
            [one.criterion for one in given],
            [*given[0].labels, "n/a"][: len(labels)],
            [[Cell(f"{n:,}", shade(n / one.n)) for n in row] for one, row in zip(given, counts, strict=True)],
            side="",
            top="Level given",
        ),
    )


def _middle(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    return (values[0], median(values), values[-1]) if values else (None, None, None)
