"""How `evalhub calibrate` prints the report for people: what to do first, then what it rests on, part by part."""

from __future__ import annotations

from collections.abc import Iterator

import click

from evalhub.calibration.charts.pairs import least_agreeing
from evalhub.calibration.schema.flags import FLAG_WORDS
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.schema.section import BoundarySection, CriterionSection, PeriodLine
from evalhub.calibration.shown import plan_sentences
from evalhub.cli import escape_controls
from evalhub.cli.output import print_table
from evalhub.stats import REASON_WORDS, Figure

SHOWN_LEVELS = 11
SHOWN_PAIRS = 3
SHOWN_DISPUTES = 10


def print_report(found: CalibrationReport) -> None:
    """The whole report, on stdout."""
    _lines(_next(found))
    simulated = f" ({found.n_simulated} simulated)" if found.n_simulated else ""
    title = (
        f"{found.project}: {found.n_items:,} rated items, {found.n_reviewers} reviewers{simulated}, "
        f"{found.rubric} v{found.rubric_version}"
    )
    headings = ["criterion", "alpha", "95 % interval", "agree", "AC2", "paired items", "groups", "flagged", "verdict"]
    print_table(title, headings, [_row(section) for section in found.criteria])
    _lines(_over_all(found))
    for section in found.criteria:
        _lines(_of_criterion(found, section))
        _print_reviewers(found, section)
    _lines(_disputes(found))
    _lines(["", *found.notes, *_method(found)])


def _lines(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        click.echo(escape_controls(line))


def _next(found: CalibrationReport) -> Iterator[str]:
    yield "What to do next"
    for number, action in enumerate(found.actions, start=1):
        yield f"{number:3}. {action.words}"
    yield ""


def _row(section: CriterionSection) -> list[object]:
    figures = section.figures
    return [
        section.criterion.key,
        _number(figures.alpha.value),
        _interval(figures.alpha),
        _number(figures.percent_agreement.value),
        _number(figures.ac2.value),
        figures.alpha.n_pairable,
        figures.alpha.n_groups,
        section.n_flagged,
        figures.verdict.code.value,
    ]


def _over_all(found: CalibrationReport) -> Iterator[str]:
    if found.median_alpha is not None and len(found.criteria) > 1:
        yield f"alpha of the criteria: median {_number(found.median_alpha)}, lowest {_number(found.minimum_alpha)}"
    for line in found.overall:
        means = ", ".join(f"mean of {mean.k}: {_number(mean.value)}" for mean in line.means[1:])
        yield f"overall {line.kind.value}: alpha {_with_reason(line.figure)}{f'; {means}' if means else ''}"


def _of_criterion(found: CalibrationReport, section: CriterionSection) -> Iterator[str]:
    """The verdict in a sentence, how the levels were used and told apart, who agrees least, and the weeks."""
    figures, levels = section.figures, section.criterion.levels
    yield ""
    yield f"{section.criterion.title}: {figures.verdict.words}"
    if levels and len(levels) <= SHOWN_LEVELS and any(figures.distribution):
        used = ", ".join(
            f"{level.label} {n:,} (confirmed {_number(confirmed.value)})"
            for level, n, confirmed in zip(levels, figures.distribution, figures.specific_agreement, strict=True)
        )
        yield f"  levels: {used}"
    if section.n_not_applicable:
        alpha = f", alpha of whether it applies {_with_reason(section.applies)}" if section.applies else ""
        yield f"  not applicable: {section.n_not_applicable:,}{alpha}"
    for boundary in section.boundaries:
        if boundary.share is not None:
            yield _boundary(found, section, boundary)
    for pair in least_agreeing(section.pairs)[:SHOWN_PAIRS]:
        names = f"{found.people[pair.rater_a].name} and {found.people[pair.rater_b].name}"
        yield f"  agree least: {names}, weighted kappa {_number(pair.kappa)} on {pair.n_items:,} items"
    yield from (f"  {sentence}" for sentence in plan_sentences(section))
    yield from (_week(period) for period in section.periods)


def _boundary(found: CalibrationReport, section: CriterionSection, boundary: BoundarySection) -> str:
    levels = section.criterion.levels
    most = f", most of it with {found.people[boundary.culprit].name}" if boundary.culprit is not None else ""
    return (
        f"  {levels[boundary.lower].label} | {levels[boundary.upper].label}: {boundary.share or 0:.0%} of the "
        f"disagreement, alpha {_number(boundary.alpha)}, {boundary.n_crossing:,} items{most}"
    )


def _week(period: PeriodLine) -> str:
    marks = {"changed": period.is_raised, "other mix": period.changed_mix, "provisional": period.is_provisional}
    shown = "".join(f", {mark}" for mark, is_set in marks.items() if is_set)
    return f"  {period.label}: alpha {_with_reason(period.alpha)}, {period.n_pairable:,} paired items{shown}"


def _print_reviewers(found: CalibrationReport, section: CriterionSection) -> None:
    if not section.reviewers:
        return
    rows: list[list[object]] = []
    for line in section.reviewers:
        one, severity = line.figures, line.severity
        because = severity.confounded_with if severity else None
        rows.append(
            [
                found.people[one.rater].name,
                one.n_items,
                one.n_shared,
                _number(one.consensus_agreement),
                _number(one.alpha_without),
                _number(severity.severity if severity else None),
                _number(severity.se if severity else None),
                "" if because is None else f"like {found.people[because].name}",
            ]
        )
    headings = ["reviewer", "items", "shared", "as others", "alpha without", "severity", "SE", "confounded"]
    print_table(f"Reviewers on {section.criterion.title}", headings, rows)


def _disputes(found: CalibrationReport) -> Iterator[str]:
    yield f"\n{found.n_flagged:,} pairs of item and criterion are disputed, in {found.n_flagged_items:,} items."
    for line in found.triage[:SHOWN_DISPUTES]:
        criteria = "; ".join(
            f"{key}: {', '.join(FLAG_WORDS[flag] for flag in flags)}" for key, flags, _ in line.criteria
        )
        yield f"  {line.item}: {criteria}"
    if found.n_triage > SHOWN_DISPUTES:
        yield f"  … and {found.n_triage - SHOWN_DISPUTES:,} more; --json lists {len(found.triage)}"


def _method(found: CalibrationReport) -> Iterator[str]:
    yield (
        "Alpha is Krippendorff's on the criterion's own scale; intervals hold the reviewers fixed and leave out one "
        f"group of items at a time. Seed {found.seed}."
    )


def _with_reason(figure: Figure) -> str:
    if figure.value is None:
        return f"undefined ({REASON_WORDS[figure.undefined_because]})" if figure.undefined_because else "undefined"
    interval = _interval(figure)
    return _number(figure.value) if interval == "–" else f"{_number(figure.value)} ({interval})"


def _interval(figure: Figure) -> str:
    if figure.ci_low is None or figure.ci_high is None:
        return "–"
    return f"{figure.ci_low:.3f} to {figure.ci_high:.3f}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value + 0.0:.3f}"
