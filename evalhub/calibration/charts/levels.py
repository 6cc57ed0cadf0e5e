"""How the reviewers of a criterion use its levels, and what they give where the others agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalhub.calibration.charts.words import percent
from evalhub.calibration.schema.report import Person
from evalhub.calibration.schema.section import CriterionSection
from evalhub.web.charts import Cell, Chart, Picture, matrix
from evalhub.web.charts.matrix import shade

MOST_LEVELS = 11
EVERYBODY = "All reviewers"

Counts = Sequence[Sequence[int]]


def levels_chart(section: CriterionSection, people: Sequence[Person], *, rubric: str) -> Chart:
    """Which share of their ratings each reviewer gave to each level."""
    labels = [level.label for level in section.criterion.levels]
    used = [(EVERYBODY, section.figures.distribution)]
    used += [(people[line.figures.rater].name, line.figures.level_use) for line in section.reviewers]
    is_drawn = _has_levels(section) and any(section.figures.distribution)
    return Chart(
        name="levels",
        title="Use of the levels",
        description="A row a reviewer: the share of their ratings that each level got; darker is more.",
        method=f"{sum(section.figures.distribution):,} ratings, counted, so without an interval; {rubric}.",
        headings=("Reviewer", *labels, "Ratings"),
        rows=tuple((name, *counts, sum(counts)) for name, counts in used) if is_drawn else (),
        picture=matrix([name for name, _ in used], labels, [_shares(n) for _, n in used], side="", top="Level given")
        if is_drawn
        else None,
        because=_no_levels(section, "Nobody has given a level yet."),
    )


def confusion_chart(section: CriterionSection, people: Sequence[Person], *, rubric: str) -> Chart:
    """What reviewers gave where the others' consensus is each level: drawn for all together, listed for each."""
    each = [(people[line.figures.rater].name, line.figures.confusion) for line in section.reviewers]
    total = _sum([counts for _, counts in each]) if _has_levels(section) else ()
    labels = [level.label for level in section.criterion.levels]
    listed = [(EVERYBODY, total), *each] if any(map(any, total)) else []
    return Chart(
        name="confusion",
        title="Given where the others agree",
        description=(
            "A row a level on which the others agree: how often a reviewer then gave each level, darker is more;"
            " outlined cells agree."
        ),
        method=(
            f"{sum(map(sum, total)):,} ratings of all reviewers beside a consensus of the others, counted, so without"
            f" an interval; {rubric}."
        ),
        headings=("Reviewer", "Others agree on", *labels),
        rows=tuple((name, labels[at], *row) for name, counts in listed for at, row in enumerate(counts)),
        picture=_confusion(total, labels) if listed else None,
        because=_no_levels(section, "No item has a consensus of others to compare with."),
    )


def confusion_charts(section: CriterionSection, people: Sequence[Person], *, rubric: str) -> tuple[Chart, ...]:
    """The same of each reviewer who can be compared."""
    labels = [level.label for level in section.criterion.levels]
    if not _has_levels(section):
        return ()
    return tuple(
        Chart(
            name=f"confusion-{line.figures.rater + 1}",
            title=people[line.figures.rater].name,
            description="A row a level on which the others agree: how often this reviewer then gave each level.",
            method=f"{sum(map(sum, line.figures.confusion)):,} ratings beside a consensus of the others; {rubric}.",
            headings=("Others agree on", *labels),
            rows=tuple((labels[at], *row) for at, row in enumerate(line.figures.confusion)),
            picture=_confusion(line.figures.confusion, labels),
        )
        for line in section.reviewers
        if any(map(any, line.figures.confusion))
    )


def _sum(each: Sequence[Counts]) -> Counts:
    total: Counts = np.sum(each, axis=0).tolist() if each else []
    return total


def _confusion(counts: Counts, labels: Sequence[str]) -> Picture:
    cells = [
        [Cell(f"{n:,}", shade(n / sum(row)) if any(row) else "", is_outlined=at == to) for to, n in enumerate(row)]
        for at, row in enumerate(counts)
    ]
    return matrix(labels, labels, cells, side="Others", top="Given")


def _shares(counts: Sequence[int]) -> list[Cell]:
    total = sum(counts)
    return [Cell(percent(n / total), shade(n / total)) if total else Cell("–") for n in counts]


def _has_levels(section: CriterionSection) -> bool:
    return 0 < len(section.criterion.levels) <= MOST_LEVELS


def _no_levels(section: CriterionSection, otherwise: str) -> str:
    if section.criterion.range is not None:
        return "This criterion has a range: its values are no levels to count."
    return otherwise if _has_levels(section) else f"A table of more than {MOST_LEVELS} levels says little."
