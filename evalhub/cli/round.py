"""`evalhub round …`: hand out calibration rounds, look at them, close and compare them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.instance import Instance, open_instance
from evalhub.cli.output import print_json, print_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from evalhub.calibration.schema.rounds import NewRound

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def round() -> None:
    """Calibration rounds: the same items graded by everybody, before and after a revision of the rubric."""


@round.command()
@click.argument("project")
@click.option("--name", required=True, help="What people see, like “Before we begin”.")
@click.option("--n", type=click.IntRange(1, 200), default=20, show_default=True, help="How many items to draw.")
@click.option("--item", multiple=True, help="Id of an item instead of a draw; may be given several times.")
@click.option("--triage", is_flag=True, help="The most urgent disputed items instead.")
@click.option(
    "--boundary", metavar="CRITERION:LEVEL", help="Items on which reviewers differ across this level's upper end."
)
@click.option("--follows", default="", metavar="ROUND", help="The items of this earlier round, by its number.")
@click.option("--rubric-version", type=click.IntRange(1), help="Version to grade by; the project's own where missing.")
@click.option("--reviewer", multiple=True, help="Sign-in name; all reviewers where missing.")
@click.option(
    "--discussed-share",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Share of the items that is talked about after the round.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of all draws; drawn itself where it is missing.")
@AS_JSON
@click.pass_context
def create(ctx: click.Context, /, project: str, as_json: bool, **given: Any) -> None:
    """Hand out a round of PROJECT, before all its other items."""
    from evalhub.calibration.service.rounds import create_round

    instance = open_instance(ctx)
    with instance.reading() as session:
        new = _new_round(session, project, given)
    public_id = create_round(instance.database, project, new)
    shown = _shown(instance, project, public_id)
    if as_json:
        print_json(shown)
    else:
        click.echo(
            f"handed out round {shown['number']} of {project}: {shown['items']} items to {len(shown['reviewers'])}"
            f" reviewers, seed {shown['seed']}"
        )


@round.command("list")
@click.argument("project")
@AS_JSON
@click.pass_context
def list_rounds(ctx: click.Context, *, project: str, as_json: bool) -> None:
    """List the rounds of PROJECT, the last one first."""
    from evalhub.calibration.queries.rounds import rounds_of
    from evalhub.projects.queries import project_named

    with open_instance(ctx).reading() as session:
        lines = [line.as_dict() for line in rounds_of(session, project_named(session, project).id)]
    if as_json:
        print_json(lines)
    elif lines:
        headings = ("number", "name", "state", "items", "reviews_done", "reviews_needed", "rubric_version", "follows")
        rows = [["–" if line[key] is None else line[key] for key in headings] for line in lines]
        print_table(f"rounds of {project}", [key.replace("_", " ") for key in headings], rows)


@round.command()
@click.argument("project")
@click.argument("number")
@AS_JSON
@click.pass_context
def show(ctx: click.Context, *, project: str, number: str, as_json: bool) -> None:
    """How far round NUMBER of PROJECT is, and its figures once it is closed."""
    shown = _shown(open_instance(ctx), project, number)
    if as_json:
        print_json(shown)
        return
    title = (
        f"round {shown['number']} of {project}, {shown['name']}: {shown['state']}, rubric v{shown['rubric_version']}"
    )
    rows = [[one["name"], one["done"], one["skipped"], "yes" if one["has_left"] else ""] for one in shown["reviewers"]]
    print_table(title, ["reviewer", f"graded of {shown['items']}", "skipped", "has left"], rows)
    if shown["criteria"] is not None:
        print_table("its figures", ["criterion", "alpha", "95 % interval", "ratings", "verdict"], _figures(shown))


@round.command()
@click.argument("project")
@click.argument("number")
@click.pass_context
def close(ctx: click.Context, *, project: str, number: str) -> None:
    """Take no more reviews of round NUMBER of PROJECT; its figures are shown from then on."""
    from evalhub.calibration.service.rounds import close_round
    from evalhub.db import now
    from evalhub.projects.queries import project_named

    instance = open_instance(ctx)
    instance.write(lambda s: close_round(s, project_named(s, project).id, number, by=None, at=now(s)))
    click.echo(f"closed round {number} of {project}")


@round.command()
@click.argument("project")
@click.argument("number")
@AS_JSON
@click.pass_context
def compare(ctx: click.Context, *, project: str, number: str, as_json: bool) -> None:
    """What changed from the round that round NUMBER follows."""
    from evalhub.calibration.schema.rounds import SAMENESS_WORDS, Sameness
    from evalhub.errors import BadInput

    found = _shown(open_instance(ctx), project, number)["comparison"]
    if found is None:
        raise BadInput("This round is still open, or follows no other.")
    if as_json:
        print_json(found)
        return
    before, after = found["rubric_versions"]
    title = f"since {found['follows']}: rubric v{before} before, v{after} now, {found['n_items']} items"
    headings = ["criterion", "items", "n", "before", "after", "difference", "95 % interval"]
    print_table(title, headings, [row for one in found["criteria"] for row in _changes(one)])
    for one in found["criteria"]:
        click.echo(f"{one['criterion']}: {SAMENESS_WORDS[Sameness(one['compared_as'])]}")
    if found["n_reviewers_in_both"] and found["n_discussed"]:
        click.echo("On all items agreement also measures what people remember from talking about some of them.")


def _new_round(session: Session, project: str, given: dict[str, Any]) -> NewRound:
    from evalhub.calibration.schema.rounds import Choosing, NewRound
    from evalhub.projects.queries import project_named

    found = project_named(session, project)
    criterion, boundary = _boundary(session, found.id, given["boundary"]) if given["boundary"] else ("", 0)
    choosing = (
        Choosing.NAMED
        if given["item"]
        else Choosing.TRIAGE
        if given["triage"]
        else Choosing.BOUNDARY
        if given["boundary"]
        else Choosing.RANDOM
    )
    return NewRound(
        name=given["name"],
        seed=secrets.randbelow(2**31) if given["seed"] is None else given["seed"],
        choosing=choosing,
        items=given["item"],
        n=given["n"],
        criterion=criterion,
        boundary=boundary,
        follows=given["follows"],
        reviewers=_public_ids(session, given["reviewer"]),
        rubric_version=given["rubric_version"],
        discussed_share=given["discussed_share"],
    )


def _boundary(session: Session, project_id: int, text: str) -> tuple[str, int]:
    """The criterion and the rank of the level below the boundary."""
    from evalhub.calibration.queries import criteria_of
    from evalhub.errors import BadInput

    key, _, level_key = text.partition(":")
    for asked in criteria_of(session, project_id):
        level = asked.criterion.level(level_key) if asked.criterion.key == key else None
        if level is not None:
            return key, level.rank
    raise BadInput(f'The rubric has no level "{text}"; write a criterion and its level, like accuracy:adequate.')


def _public_ids(session: Session, logins: tuple[str, ...]) -> tuple[str, ...]:
    from evalhub.accounts.queries import account_of_login
    from evalhub.errors import BadInput

    found = {login: account_of_login(session, login) for login in logins}
    for login, account in found.items():
        if account is None:
            raise BadInput(f'Nobody signs in as "{login}".')
    return tuple(account.public_id for account in found.values() if account is not None)


def _shown(instance: Instance, project: str, reference: str) -> dict[str, Any]:
    from evalhub.calibration.service.round_figures import round_as_dict
    from evalhub.projects.queries import project_named

    with instance.reading() as session:
        return round_as_dict(session, project_named(session, project).id, reference)


def _figures(shown: dict[str, Any]) -> list[list[object]]:
    return [
        [
            one["criterion"],
            _number(one["alpha"]["value"]),
            _interval(one["alpha"]),
            one["n_ratings"],
            one["verdict"]["code"],
        ]
        for one in shown["criteria"]
    ]


def _changes(one: dict[str, Any]) -> list[list[object]]:
    """A row for the items that nobody talked about and one for all, each where a difference can be taken."""
    return [
        [
            one["criterion"],
            words,
            change["n_shared_items"],
            _number(change["before"]["value"]),
            _number(change["after"]["value"]),
            _number(change["difference"]["value"]),
            _interval(change["difference"]),
        ]
        for words, change in (("not discussed", one["not_discussed"]), ("all", one["all_items"]))
        if change is not None
    ]


def _interval(figure: dict[str, Any]) -> str:
    if figure["ci_low"] is None or figure["ci_high"] is None:
        return "–"
    return f"{figure['ci_low']:.3f} to {figure['ci_high']:.3f}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
