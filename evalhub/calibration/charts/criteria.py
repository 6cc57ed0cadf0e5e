"""Alpha of each criterion, and of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from evalhub.calibration.charts.words import alpha_axis, with_interval
from evalhub.calibration.schema.report import CalibrationReport, OverallKind
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import METHOD_WORDS, REASON_WORDS, CriterionReport, Figure, VerdictCode
from evalhub.web.charts import Chart, Estimate, forest
from evalhub.web.charts.picture import Value

VERDICT_NAMES: dict[VerdictCode, str] = {
    VerdictCode.UNDEFINED: "undefined",
    VerdictCode.INSUFFICIENT: "too few items",
    VerdictCode.RELIABLE: "reliable",
    VerdictCode.TENTATIVE: "tentative",
    VerdictCode.LOW_VARIATION: "too little variation",
    VerdictCode.RARE_LEVELS_NOT_REPRODUCED: "rare levels not confirmed",
    VerdictCode.UNRELIABLE: "unreliable",
    VerdictCode.UNDECIDED: "undecided",
}
TOO_FEW = (VerdictCode.UNDEFINED, VerdictCode.INSUFFICIENT)
OVERALL_NAMES: dict[OverallKind, str] = {
    OverallKind.SCORE: "Overall score",
    OverallKind.LEVEL: "Overall level",
    OverallKind.PASSED: "Passed or not",
}
BANDS = "The bands begin at .667 (good for tentative conclusions) and .8 (reliable)."
RANGE_LATER = "has a range: the full report has its figures"


class Line(Protocol):
    """A criterion with its figures, of the live report or the full one."""

    @property
    def criterion(self) -> Criterion: ...
    @property
    def figures(self) -> CriterionReport | None: ...


def alpha_chart(lines: Sequence[Line], *, rubric: str) -> Chart:
    """Alpha of every criterion with its interval against the bands of the verdict."""
    shown = [line.figures for line in lines if line.figures]
    axis = alpha_axis(_lowest(figures.alpha for figures in shown if figures.verdict.code not in TOO_FEW))
    n = [figures.alpha.n_pairable for figures in shown]
    return Chart(
        name="alpha",
        title="Alpha by criterion",
        description=f"A row a criterion: a dot at alpha, a bar for its 95 % interval. {BANDS}",
        method=f"{_range(n)} items with two ratings or more a criterion; {methods(f.alpha for f in shown)}; {rubric}.",
        headings=(
            "Criterion",
            "Alpha",
            "Low",
            "High",
            "Paired items",
            "Groups",
            "Reviewers",
            "Scale",
            "Verdict",
        ),
        rows=tuple(_row(line) for line in lines),
        picture=forest([_estimate(line) for line in lines], axis),
    )


def overall_chart(report: CalibrationReport, *, rubric: str) -> Chart:
    """Alpha of each reviewer's own totals: what is trained on."""
    figures = {OVERALL_NAMES[one.kind]: one.figure for one in report.overall}
    axis = alpha_axis(_lowest(figures.values()))
    n = [figure.n_pairable for figure in figures.values()]
    return Chart(
        name="overall",
        title="Alpha of the overall result",
        description=f"A row a kind of result: a dot at alpha, a bar for its 95 % interval. {BANDS}",
        method=f"{_range(n)} items with two ratings or more; {methods(figures.values())}; {rubric}.",
        headings=("Result", "Alpha", "Low", "High", "Paired items", "Groups", "Reviewers"),
        rows=tuple((name, *_numbers(figure)) for name, figure in figures.items()),
        picture=forest([_of_figure(name, figure) for name, figure in figures.items()], axis) if figures else None,
        because="No reviewer has given every criterion that the overall score needs.",
    )


def methods(figures: Iterable[Figure]) -> str:
    """How the intervals were made, each way once."""
    return "; ".join(dict.fromkeys(map(_method, figures))) or "no interval"


def _method(figure: Figure) -> str:
    """In words; where each group is one item, as in the live figures, that is what was left out."""
    words = METHOD_WORDS[figure.method]
    return words.replace("delete-one-group", "delete-one-item") if figure.n_groups == figure.n_pairable else words


def _row(line: Line) -> tuple[Value, ...]:
    if line.figures is None:
        return (line.criterion.title, *[None] * 7, RANGE_LATER)
    figures = line.figures
    verdict = VERDICT_NAMES[figures.verdict.code]
    return (line.criterion.title, *_numbers(figures.alpha), figures.scale.value, verdict)


def _numbers(figure: Figure) -> tuple[Value, ...]:
    return (figure.value, figure.ci_low, figure.ci_high, figure.n_pairable, figure.n_groups, figure.n_reviewers)


def _estimate(line: Line) -> Estimate:
    if line.figures is None:
        return Estimate(line.criterion.title, "", None, because=RANGE_LATER)
    return _of_figure(line.criterion.title, line.figures.alpha, is_weak=line.figures.verdict.code in TOO_FEW)


def _of_figure(label: str, figure: Figure, *, is_weak: bool = False) -> Estimate:
    because = REASON_WORDS[figure.undefined_because] if figure.undefined_because else ""
    return Estimate(
        label, with_interval(figure), figure.value, figure.ci_low, figure.ci_high, is_weak=is_weak, because=because
    )


def _lowest(figures: Iterable[Figure]) -> float:
    return min((value for figure in figures for value in (figure.value, figure.ci_low) if value is not None), default=0)


def _range(n: Sequence[int]) -> str:
    if not n:
        return "0"
    return f"{min(n):,}" if min(n) == max(n) else f"{min(n):,} to {max(n):,}"
