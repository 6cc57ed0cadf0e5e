"""`evalhub agreement FILE`: how far the ratings of a file can be trusted, without an instance."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evalhub.cli.agreement_text import Found
    from evalhub.cli.criterion_ratings import CriterionRatings
    from evalhub.cli.ratings_file import RatingLine


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--scale", default="ordinal", show_default=True, help="nominal, ordinal, interval or ratio.")
@click.option(
    "--levels",
    multiple=True,
    metavar="[CRITERION=]A,B,C",
    help="The levels from the worst to the best, for all criteria or for one; may be given several times.",
)
@click.option("--metrics", default="", metavar="NAME,…", help='More coefficients, by name; "all" for every one.')
@click.option("--weights", default="identity", show_default=True, help="identity, linear, quadratic or ordinal.")
@click.option(
    "--by", multiple=True, metavar="VIEW", help="reviewer, item, boundary, pair or week; may be given several times."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def agreement(
    *,
    file: Path,
    scale: str,
    levels: tuple[str, ...],
    metrics: str,
    weights: str,
    by: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say how far the ratings in FILE agree, criterion by criterion.

    FILE is JSONL or CSV with the fields item_id, reviewer, criterion and level (or value, or score); an optional
    field group names the items that answer one prompt, and --by week needs submitted_at. Numbers are sorted as numbers;
    words need --levels.
    """
    from evalhub.cli.agreement_by import views
    from evalhub.cli.agreement_text import Found, details, summary
    from evalhub.cli.criterion_ratings import by_criterion
    from evalhub.cli.ratings_file import read_rating_lines, refuse_without_times
    from evalhub.stats import Scale, Weights, criterion_report
    from evalhub.stats.metrics import chosen

    own, weighting = Scale.named(scale), Weights.named(weights)
    wanted = chosen(_names(metrics))
    asked = views(by)
    orders = _orders(levels)
    kept, n_model = _people(read_rating_lines(file))
    if "week" in asked:
        refuse_without_times(kept, str(file))
    found = [
        Found(
            one,
            criterion_report(one.ratings, scale=own),
            {name: metric(one.ratings, own, weighting) for name, metric in wanted.items()},
            {name: view(one, own) for name, view in asked.items()},
        )
        for one in by_criterion(kept, str(file), own, orders)
    ]
    if as_json:
        document = {
            "schema": "evalhub.agreement/1",
            "file": str(file),
            "scale": own,
            "n_model_ratings_left_out": n_model,
        }
        click.echo(json.dumps(document | {"criteria": _as_json(found)}, ensure_ascii=False, indent=1))
        return
    click.echo(summary(found))
    for one in found:
        click.echo(details(one))
    if n_model:
        click.echo(f"\n{n_model} ratings of kind model are left out; models and people are never pooled.")


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def _people(lines: list[RatingLine]) -> tuple[list[RatingLine], int]:
    """The ratings of people, or those of models where there are no others, and how many were left out."""
    people = [line for line in lines if not line.is_model]
    return (people, len(lines) - len(people)) if people else (lines, 0)


def _orders(levels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The order of levels a criterion; "" stands for all.

    Raises:
        BadInput: a level is given twice, or fewer than two are given.
    """
    from evalhub.cli.criterion_ratings import canonical
    from evalhub.errors import BadInput

    orders = {}
    for option in levels:
        criterion, _, listed = option.rpartition("=")
        names = _names(listed)
        if len(names) < 2 or len({canonical(name) for name in names}) != len(names):
            advice = "give at least two different levels, worst first, like --levels a,b,c"
            raise BadInput(f'--levels "{option}": {advice}', code="schema")
        orders[criterion.strip()] = names
    return orders


def _as_json(found: Iterable[Found]) -> list[dict[str, Any]]:
    return [
        {
            "criterion": one.criterion.criterion,
            "levels": list(one.criterion.levels),
            **one.report.as_dict(),
            "not_applicable": _applicability(one.criterion),
            "metrics": {name: figure.as_dict() for name, figure in one.metrics.items()},
            "by": one.views,
        }
        for one in found
    ]


def _applicability(criterion: CriterionRatings) -> dict[str, Any]:
    """How many said "not applicable", and the nominal alpha of whether the criterion applies."""
    from evalhub.stats import PatternCounts, Scale, alpha

    if not criterion.n_not_applicable:
        return {"n": 0, "alpha": None}
    figure = alpha(PatternCounts.of(criterion.applies), scale=Scale.NOMINAL)
    return {"n": criterion.n_not_applicable, "alpha": figure.as_dict()}
