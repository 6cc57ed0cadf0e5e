"""`evalhub calibrate PROJECT`: how far a project's grades can be trusted, criterion by criterion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json, print_table

if TYPE_CHECKING:
    from evalhub.calibration.schema.report import CalibrationReport
    from evalhub.calibration.schema.section import CriterionSection
    from evalhub.stats import Figure

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
SHOWN_LEVELS = 11


@click.command()
@click.argument("project")
@click.option("--criterion", help="Only this criterion.")
@click.option("--since", type=MOMENT, help="Only reviews submitted at or after this moment (UTC).")
@click.option("--until", type=MOMENT, help="Only reviews submitted before this moment (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.pass_context
def calibrate(
    ctx: click.Context,
    *,
    project: str,
    criterion: str | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Print the agreement of PROJECT's reviewers, and what their differences leave to settle."""
    from evalhub.calibration.service import full_report
    from evalhub.projects.queries import project_named

    with open_instance(ctx).reading() as session:
        found = full_report(
            session,
            project_named(session, project).id,
            criterion=criterion,
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) if until else None,
        )
    if as_json:
        print_json(found.as_dict())
        return
    _print(found)


def _print(found: CalibrationReport) -> None:
    simulated = f" ({found.n_simulated} simulated)" if found.n_simulated else ""
    title = (
        f"{found.project}: {found.n_items} rated items, {found.n_reviewers} reviewers{simulated}, "
        f"{found.rubric} v{found.rubric_version}"
    )
    headings = ["criterion", "alpha", "95 % interval", "agree", "AC2", "paired items", "groups", "flagged", "verdict"]
    print_table(title, headings, [_row(line) for line in found.criteria])
    for line in found.criteria:
        click.echo(_words(line))
    click.echo(
        f"\n{found.n_flagged} pairs of item and criterion are disputed, in {found.n_flagged_items} items."
        "\nAlpha is Krippendorff's on the criterion's own scale; intervals hold the reviewers fixed and leave out one"
        " group of items at a time."
    )


def _row(line: CriterionSection) -> list[object]:
    figures = line.figures
    return [
        line.criterion.key,
        _number(figures.alpha.value),
        _interval(figures.alpha),
        _number(figures.percent_agreement.value),
        _number(figures.ac2.value),
        figures.alpha.n_pairable,
        figures.alpha.n_groups,
        line.n_flagged,
        figures.verdict.code.value,
    ]


def _words(line: CriterionSection) -> str:
    """The verdict in a sentence, and how the levels were used and told apart."""
    figures = line.figures
    lines = [f"{line.criterion.title}: {figures.verdict.words}"]
    levels = line.criterion.levels
    if levels and len(levels) <= SHOWN_LEVELS and any(figures.distribution):
        used = ", ".join(
            f"{level.label} {n} (confirmed {_number(confirmed.value)})"
            for level, n, confirmed in zip(levels, figures.distribution, figures.specific_agreement, strict=False)
        )
        lines.append(f"  levels: {used}")
    if line.n_not_applicable:
        alpha = f", alpha of whether it applies {_number(line.applies.value)}" if line.applies else ""
        lines.append(f"  not applicable: {line.n_not_applicable}{alpha}")
    for boundary in line.boundaries:
        if boundary.share is not None:
            lines.append(
                f"  {levels[boundary.lower].label} | {levels[boundary.upper].label}: {boundary.share:.0%} of the disagreement,"
                f" alpha {_number(boundary.alpha)}"
            )
    return "\n".join(lines)


def _interval(figure: Figure) -> str:
    if figure.ci_low is None or figure.ci_high is None:
        return "–"
    return f"{figure.ci_low:.3f} to {figure.ci_high:.3f}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
