"""`evalhub agreement FILE`: how far the ratings of a file can be trusted, without an instance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evalhub.cli.ratings_file import CriterionRatings, RatingLine
    from evalhub.stats import CriterionReport, Figure, Scale


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--scale", default="ordinal", show_default=True, help="nominal, ordinal, interval or ratio.")
@click.option(
    "--levels",
    "levels",
    multiple=True,
    metavar="[CRITERION=]A,B,C",
    help="The levels from the worst to the best, for all criteria or for one; may be given several times.",
)
@click.option("--metrics", default="", metavar="NAME,…", help="More coefficients, by name.")
@click.option("--weights", default="identity", show_default=True, help="identity, linear, quadratic or ordinal.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def agreement(*, file: Path, scale: str, levels: tuple[str, ...], metrics: str, weights: str, as_json: bool) -> None:
    """Say how far the ratings in FILE agree, criterion by criterion.

    FILE is JSONL or CSV with the fields item_id, reviewer, criterion and level (or value, or score); an optional
    field group names the items that answer one prompt. Numbers are sorted as numbers; words need --levels.
    """
    from evalhub.cli.ratings_file import by_criterion, read_rating_lines
    from evalhub.stats import Scale, Weights, criterion_report
    from evalhub.stats.metrics import chosen

    own, weighting = Scale.named(scale), Weights.named(weights)
    wanted = chosen(name.strip() for name in metrics.split(",") if name.strip())
    kept, n_model = _people(read_rating_lines(file))
    criteria = by_criterion(kept, str(file), own, _orders(levels))
    found = [
        (
            criterion,
            criterion_report(criterion.ratings, scale=own),
            {name: metric(criterion.ratings, own, weighting) for name, metric in wanted.items()},
        )
        for criterion in criteria
    ]
    if as_json:
        click.echo(json.dumps(_as_json(file, own, n_model, found), ensure_ascii=False, indent=1))
        return
    click.echo(_table([(criterion, report) for criterion, report, _ in found]))
    for criterion, report, extra in found:
        click.echo(_paragraph(criterion, report, extra))
    if n_model:
        click.echo(f"\n{n_model} ratings of kind model are left out; models and people are never pooled.")


def _people(lines: list[RatingLine]) -> tuple[list[RatingLine], int]:
    """The ratings of people, or those of models where there are no others, and how many were left out."""
    people = [line for line in lines if not line.is_model]
    return (people, len(lines) - len(people)) if people else (lines, 0)


def _orders(levels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The order of levels a criterion; "" stands for all.

    Raises:
        BadInput: a level is given twice, or fewer than two are given.
    """
    from evalhub.errors import BadInput

    orders = {}
    for option in levels:
        criterion, _, listed = option.rpartition("=")
        names = tuple(name.strip() for name in listed.split(",") if name.strip())
        if len(names) < 2 or len(set(names)) != len(names):
            raise BadInput(f'--levels "{option}": give at least two different levels, worst first, like --levels a,b,c')
        orders[criterion.strip()] = names
    return orders


def _as_json(
    file: Path, scale: Scale, n_model: int, found: list[tuple[CriterionRatings, CriterionReport, dict[str, Figure]]]
) -> dict[str, Any]:
    return {
        "schema": "evalhub.agreement/1",
        "file": str(file),
        "scale": str(scale),
        "n_model_ratings_left_out": n_model,
        "criteria": [
            {
                "criterion": criterion.criterion,
                "levels": list(criterion.levels),
                **report.as_dict(),
                "not_applicable": _applicability(criterion),
                "metrics": {name: figure.as_dict() for name, figure in extra.items()},
            }
            for criterion, report, extra in found
        ],
    }


def _applicability(criterion: CriterionRatings) -> dict[str, Any]:
    """How many said "not applicable", and the nominal alpha of whether the criterion applies."""
    from evalhub.stats import PatternCounts, Scale, alpha

    if not criterion.n_not_applicable:
        return {"n": 0, "alpha": None}
    figure = alpha(PatternCounts.of(criterion.applies), scale=Scale.NOMINAL)
    return {"n": criterion.n_not_applicable, "alpha": figure.as_dict()}


def _table(found: list[tuple[CriterionRatings, CriterionReport]]) -> str:
    header = (
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
    )
    rows = [header]
    for criterion, report in found:
        figure = report.alpha
        rows.append(
            (
                criterion.criterion,
                _number(figure.value),
                interval_words(figure),
                _number(report.percent_agreement.value),
                _number(report.ac2.value),
                str(figure.n_items),
                str(figure.n_pairable),
                str(figure.n_groups),
                str(figure.n_reviewers),
                report.verdict.code,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _paragraph(criterion: CriterionRatings, report: CriterionReport, extra: Mapping[str, Figure]) -> str:
    from evalhub.stats import METHOD_WORDS

    levels = "  ".join(
        f"{level} {count} (confirmed {_number(figure.value)})"
        for level, count, figure in zip(criterion.levels, report.distribution, report.specific_agreement, strict=False)
    )
    lines = ["", f"{criterion.criterion}: {report.verdict.words}"]
    if report.alpha.ci_low is not None:
        lines.append(f"  interval: {METHOD_WORDS[report.alpha.method]}")
    if len(criterion.levels) <= 11:
        lines.append(f"  levels: {levels}")
    for boundary in report.boundaries if len(criterion.levels) <= 11 else ():
        if boundary.share is not None:
            below, above = criterion.levels[boundary.lower], criterion.levels[boundary.upper]
            share = f"{boundary.share:.0%} of the disagreement"
            lines.append(f"  boundary {below} | {above}: {share}, alpha {_number(boundary.alpha)}")
    lines.extend(f"  {name}: {_with_reason(figure)}" for name, figure in extra.items())
    return "\n".join(lines)


def interval_words(figure: Figure) -> str:
    if figure.ci_low is None or figure.ci_high is None:
        return "none"
    return f"{figure.ci_low:.3f} to {figure.ci_high:.3f}"


def _with_reason(figure: Figure) -> str:
    from evalhub.stats import REASON_WORDS

    why = f" ({REASON_WORDS[figure.undefined_because]})" if figure.undefined_because else ""
    return f"{_number(figure.value)}, interval {interval_words(figure)}{why}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
