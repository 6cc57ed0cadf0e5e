"""How `evalhub agreement` prints its figures for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from evalhub.cli.agreement_by import Row
from evalhub.cli.agreement_words import sentences
from evalhub.cli.criterion_ratings import CriterionRatings
from evalhub.stats import METHOD_WORDS, REASON_WORDS, CriterionReport, Figure

SHOWN_LEVELS = 11
SHOWN_ROWS = 40
NOTHING_TO_SHOW = {
    "reviewer": "nobody gave a level",
    "item": "no item was rated twice",
    "boundary": "nothing to show on this scale, or with one level only",
    "pair": "no two reviewers share an item",
    "week": "nobody gave a level",
}


class Found(NamedTuple):
    """A criterion with its report, the coefficients and the views that were asked for."""

    criterion: CriterionRatings
    report: CriterionReport
    metrics: dict[str, Figure]
    views: dict[str, list[Row]]


def summary(found: Sequence[Found]) -> str:
    """One line a criterion."""
    header = [
        "criterion",
        "alpha",
        "95 % interval",
        "agree",
        "AC2",
        "items",
        "paired",
        "groups",
        "reviewers",
        "verdict",
    ]
    return aligned([header, *(_summary_line(one) for one in found)])


def details(found: Found) -> str:
    """The verdict in words, the levels, the boundaries and whatever else was asked for."""
    criterion, report = found.criterion, found.report
    lines = ["", f"{criterion.criterion}: {report.verdict.words}"]
    if report.alpha.ci_low is not None:
        lines.append(f"  interval: {METHOD_WORDS[report.alpha.method]}")
    if criterion.n_not_applicable:
        lines.append(f"  not applicable: {criterion.n_not_applicable} answers")
    if len(criterion.levels) <= SHOWN_LEVELS:
        lines.extend(_levels_and_boundaries(criterion.levels, report))
    lines.extend(f"  {name}: {_with_reason(figure)}" for name, figure in found.metrics.items())
    for name, rows in found.views.items():
        lines.extend(["", f"  by {name}:", *_indented(_view(name, rows))])
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _summary_line(found: Found) -> list[str]:
    report, alpha = found.report, found.report.alpha
    numbers = [alpha.n_items, alpha.n_pairable, alpha.n_groups, alpha.n_reviewers]
    return [
        found.criterion.criterion,
        _number(alpha.value),
        _interval(alpha),
        _number(report.percent_agreement.value),
        _number(report.ac2.value),
        *map(str, numbers),
        report.verdict.code,
    ]


def _levels_and_boundaries(levels: Sequence[str], report: CriterionReport) -> list[str]:
    shown = [
        f"{level}: {count} (confirmed {_percent(figure.value)})"
        for level, count, figure in zip(levels, report.distribution, report.specific_agreement, strict=False)
    ]
    return [
        f"  levels: {'  '.join(shown)}",
        *(
            f"  boundary {levels[boundary.lower]} | {levels[boundary.upper]}: "
            f"{boundary.share:.0%} of the disagreement, alpha {_number(boundary.alpha)}"
            for boundary in report.boundaries
            if boundary.share is not None
        ),
    ]


def _view(name: str, rows: Sequence[Row]) -> str:
    if not rows:
        return NOTHING_TO_SHOW[name]
    columns = [key for key, value in rows[0].items() if not isinstance(value, list)]
    table = aligned([columns, *([_cell(row[key]) for key in columns] for row in rows[:SHOWN_ROWS])])
    rest = len(rows) - SHOWN_ROWS
    more = [f"… and {rest} more; --json has them all"] if rest > 0 else []
    return "\n".join([table, *more, *sentences(name, rows)])


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return "–" if value is None else str(value)


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


def _interval(figure: Figure) -> str:
    if figure.ci_low is None or figure.ci_high is None:
        return "none"
    return f"{figure.ci_low:.3f} to {figure.ci_high:.3f}"


def _with_reason(figure: Figure) -> str:
    why = f" ({REASON_WORDS[figure.undefined_because]})" if figure.undefined_because else ""
    return f"{_number(figure.value)}, interval {_interval(figure)}{why}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "undefined" if value is None else f"{100 * value:.1f} %"
