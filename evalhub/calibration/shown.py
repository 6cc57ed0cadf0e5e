"""The calibration report as a page and a file show it: its charts, and in sentences what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from evalhub.calibration.charts import (
    alpha_chart,
    confusion_chart,
    confusion_charts,
    kappa_chart,
    levels_chart,
    overall_chart,
    severity_chart,
    weeks_chart,
)
from evalhub.calibration.charts.criteria import VERDICT_NAMES, Line
from evalhub.calibration.charts.words import interval, number, percent, with_interval
from evalhub.calibration.schema.actions import hopeless_words
from evalhub.calibration.schema.flags import FLAG_WORDS
from evalhub.calibration.schema.report import Action, CalibrationReport, Person
from evalhub.calibration.schema.section import CriterionSection, GivenLevel
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import METHOD_WORDS, REASON_WORDS, VerdictCode
from evalhub.web.charts import Chart

RELIED_ON = {VerdictCode.RELIABLE: "reliable", VerdictCode.TENTATIVE: "good for tentative conclusions"}
BAD = (VerdictCode.UNRELIABLE, VerdictCode.RARE_LEVELS_NOT_REPRODUCED)
POOLED = ", and earlier ones where the question did not change"
MOST_IN_FULL = 24
"""Criteria times reviewers; beyond it only one criterion is shown in full at a time, so that the page stays light."""
MOST_BOUNDARIES = 4
MOST_NAMED = 4
"""Criteria that the summary names; of more it counts the verdicts."""
MOST_ACTIONS = 5
MOST_ITEMS = 10
"""What is shown at once; the rest is folded."""


@dataclass(frozen=True, slots=True)
class ShownSection:
    """One criterion; `charts` by name, none where it is not shown in full; `each` the confusion of each reviewer.

    `shifts` says who graded otherwise in a week than in the others.
    """

    section: CriterionSection
    charts: Mapping[str, Chart]
    each: tuple[Chart, ...]
    shifts: tuple[str, ...]
    is_open: bool

    @property
    def key(self) -> str:
        return self.section.criterion.key

    @property
    def plans(self) -> tuple[str, ...]:
        return plan_sentences(self.section)


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report with its charts; `sections` are those of the criteria that are shown."""

    report: CalibrationReport
    alpha: Chart
    overall: Chart
    sections: tuple[ShownSection, ...]

    @property
    def summary(self) -> tuple[str, ...]:
        return summary(self.report.criteria)


def show(report: CalibrationReport, criterion: str | None = None, *, most_in_full: float = MOST_IN_FULL) -> ShownReport:
    """The report with its charts.

    Args:
        criterion: the key of the only criterion to show, with each of its reviewers; an unknown key shows none.
        most_in_full: criteria times reviewers beyond which only the criterion that needs it most has charts of its
            reviewers and weeks.
    """
    is_pooled = any(len(one.versions) > 1 for one in report.criteria)
    rubric = rubric_words(report.rubric, (report.rubric_version,)) + (POOLED if is_pooled else "")
    shown = [one for one in report.criteria if criterion in (None, one.criterion.key)]
    urgent = _most_urgent(shown, report.actions)
    is_light = len(shown) == 1 or len(shown) * len(report.people) <= most_in_full
    return ShownReport(
        report=report,
        alpha=alpha_chart(report.criteria, rubric=rubric),
        overall=overall_chart(report, rubric=rubric),
        sections=tuple(
            ShownSection(
                section=one,
                charts=section_charts(report, one) if is_light or one is urgent else {},
                each=_each(report, one) if criterion else (),
                shifts=shift_sentences(one, report.people),
                is_open=one is urgent,
            )
            for one in shown
        ),
    )


def section_charts(report: CalibrationReport, section: CriterionSection) -> dict[str, Chart]:
    """The charts of a criterion by their names, in the order in which they are shown."""
    people, rubric = report.people, rubric_words(report.rubric, section.versions)
    charts = (
        severity_chart(section, people, rubric=rubric),
        levels_chart(section, people, rubric=rubric),
        confusion_chart(section, people, rubric=rubric),
        weeks_chart(section, rubric=rubric),
        kappa_chart(section, people, rubric=rubric),
    )
    return {chart.name: chart for chart in charts}


def all_charts(report: CalibrationReport, criterion: str | None) -> dict[str, Chart]:
    """The charts to keep, by name: of the report, or of one of its criteria."""
    shown = show(report, criterion)
    if criterion is None:
        return {chart.name: chart for chart in (shown.alpha, shown.overall)}
    return {chart.name: chart for one in shown.sections for chart in (*one.charts.values(), *one.each)}


def rubric_words(rubric: str, versions: Sequence[int]) -> str:
    """Like "rubric essays, versions 1 and 2 pooled"."""
    if len(versions) == 1:
        return f"rubric {rubric}, version {versions[0]}"
    listed = " and ".join(", ".join(map(str, versions)).rsplit(", ", 1))
    return f"rubric {rubric}, versions {listed} pooled" if versions else f"rubric {rubric}"


def kind_of(code: VerdictCode) -> str:
    """The look of a verdict: good, bad or warn."""
    return "good" if code in RELIED_ON else "bad" if code in BAD else "warn"


def summary(lines: Sequence[Line]) -> tuple[str, ...]:
    """What a reader who stops here should know: how many criteria can be relied on, and how far."""
    known = [(line.criterion.title, line.figures) for line in lines if line.figures]
    alphas = [(figures.alpha.value, title) for title, figures in known if figures.alpha.value is not None]
    sentences = [_verdicts([(title, figures.verdict.code) for title, figures in known])] if known else []
    if len(alphas) > 1:
        lowest, title = min(alphas)
        middle = number(median(value for value, _ in alphas))
        sentences.append(f"The median of their alphas is {middle}, the lowest {number(lowest)} ({title}).")
    return tuple(sentences)


def plan_sentences(section: CriterionSection) -> tuple[str, ...]:
    """How many more double-graded items would do what, if agreement stays as seen."""
    width, gate = section.width_plan, section.gate_plan
    found = []
    if width is not None and width.half_width is not None and width.more_items is not None:
        rough = " (a rough guess: few groups say little about their own spread)" if width.is_rough else ""
        more = f"{width.more_items:,} more double-graded items" if width.more_items else "no more items"
        found.append(
            f"The interval is ±{number(width.half_width)} now; ±{number(width.target)} needs {more}{rough}, if"
            f" agreement stays as seen. Groups drawn anew {width.replicates:,} times, seed {width.seed}."
        )
    if gate is not None and gate.is_hopeless:
        found.append(hopeless_words(section))
    elif gate is not None and gate.more_items:
        chances = ", ".join(f"{more:,} more: {percent(chance)}" for more, chance in gate.chances)
        found.append(f"The chance that the lower bound clears {gate.gate:g}: {chances}. Seed {gate.seed}.")
    return tuple(found)


def shift_sentences(section: CriterionSection, people: Sequence[Person]) -> tuple[str, ...]:
    """Who was stricter or more lenient in a week than otherwise, by more than chance explains."""
    return tuple(
        f"{people[one.rater].name} in {section.periods[one.period].label}: {number(abs(one.difference))} of a level"
        f" {'stricter' if one.difference < 0 else 'more lenient'} than in the other weeks, over {one.n_items:,} items"
        f" (adjusted p {number(one.q_value, 3)}, Benjamini–Hochberg over reviewers and weeks)."
        for one in section.period_reviewers
        if one.is_raised
    )


def spread_words(criterion: Criterion, answers: Sequence[GivenLevel]) -> str:
    """How the answers to one item lie, like "2 × Adequate, 1 × Excellent"; who gave them is not said."""
    values = sorted(answer.value for answer in answers if answer.value is not None)
    ranks = Counter(answer.rank for answer in answers if answer.rank is not None)
    given = [f"{n} × {criterion.levels[rank].label}" for rank, n in sorted(ranks.items())]
    given += [f"{value:g}" for value in values]
    without = len(answers) - len(values) - ranks.total()
    return ", ".join([*given, *([f"{without} × not applicable"] if without else [])])


def tasks_of(report: CalibrationReport) -> frozenset[str]:
    """The public ids of all tasks that the report names."""
    examples = {item.task for section in report.criteria for boundary in section.boundaries for item in boundary.items}
    named = {task for action in report.actions for task in action.items}
    return frozenset(examples | named | {line.task for line in report.triage})


def alias(task: str) -> str:
    """What stands for an item whose source's id may name the model."""
    return task[:6].upper()


def template_values(shown: ShownReport) -> dict[str, Any]:
    """What the templates of the report need beside it."""
    return {
        "shown": shown,
        "report": shown.report,
        "titles": {one.criterion.key: one.criterion.title for one in shown.report.criteria},
        "by_key": {one.criterion.key: one.criterion for one in shown.report.criteria},
        "verdict_names": VERDICT_NAMES,
        "flag_words": FLAG_WORDS,
        "reasons": REASON_WORDS,
        "methods": METHOD_WORDS,
        "most_boundaries": MOST_BOUNDARIES,
        "most_actions": MOST_ACTIONS,
        "most_items": MOST_ITEMS,
        **{one.__name__: one for one in (alias, interval, kind_of, number, percent, spread_words, with_interval)},
    }


def _most_urgent(sections: Sequence[CriterionSection], actions: Sequence[Action]) -> CriterionSection | None:
    """The criterion of the first act that names one, else the first that cannot be relied on, else the first."""
    named = next((action.criterion for action in actions if action.criterion), None)
    return min(
        sections,
        key=lambda one: (one.criterion.key != named, one.figures.verdict.code in RELIED_ON),
        default=None,
    )


def _each(report: CalibrationReport, section: CriterionSection) -> tuple[Chart, ...]:
    return confusion_charts(section, report.people, rubric=rubric_words(report.rubric, section.versions))


def _verdicts(codes: Sequence[tuple[str, VerdictCode]]) -> str:
    """Like "Of 3 criteria 1 is reliable and 1 is good for tentative conclusions; not yet: Clarity (undecided)."."""
    if len(codes) == 1:
        [(title, code)] = codes
        return f"{title} " + (
            f"is {RELIED_ON[code]}." if code in RELIED_ON else f"cannot be relied on yet: {VERDICT_NAMES[code]}."
        )
    counts = Counter(code for _, code in codes)
    counted = " and ".join(
        f"{counts[code]} {'is' if counts[code] == 1 else 'are'} {words}"
        for code, words in RELIED_ON.items()
        if counts[code]
    )
    left = [(title, code) for title, code in codes if code not in RELIED_ON]
    named = [f"{title} ({VERDICT_NAMES[code]})" for title, code in left]
    numbered = [f"{n} {_of_several(code)}" for code, n in Counter(code for _, code in left).most_common()]
    waiting = ", ".join(named if len(named) <= MOST_NAMED else numbered)
    begin = f"Of {len(codes)} criteria"
    if not counted:
        return f"{begin} none can be relied on yet: {waiting}."
    return f"{begin} {counted}; not yet: {waiting}." if waiting else f"{begin} {counted}."


def _of_several(code: VerdictCode) -> str:
    """A verdict after a number: "4 unreliable, 2 with too few items"."""
    name = VERDICT_NAMES[code]
    return f"with {name}" if " " in name else name
