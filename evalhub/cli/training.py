"""`evalhub training …`: gold items of a project, and who is certified."""

from __future__ import annotations

from typing import Any

import click

from evalhub.cli.instance import Instance, open_instance
from evalhub.cli.output import print_json, print_table

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
USES = click.Choice(["practice", "qualification", "gold"])


@click.group()
def training() -> None:
    """Items with known levels: practice, qualification, and gold hidden among live work."""


@training.command()
@click.argument("project")
@click.argument("items", nargs=-1, required=True)
@click.option("--use", type=USES, required=True, help="What the items serve.")
@click.option("--note", default="", help="Where the references come from.")
@click.pass_context
def add(ctx: click.Context, *, project: str, items: tuple[str, ...], use: str, note: str) -> None:
    """Use ITEMS of PROJECT, which were imported with known levels; all or none."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.training.models import Use
    from evalhub.training.service.golds import NewGold, add_gold

    def add_all(session: Any) -> None:
        project_id = project_named(session, project).id
        for item in items:
            add_gold(session, project_id, NewGold(item, Use(use), note=note), by=None, at=now(session))

    open_instance(ctx).write(add_all)
    click.echo(f"{len(items)} {'item serves' if len(items) == 1 else 'items serve'} as {use} in {project}")


@training.command("list")
@click.argument("project")
@AS_JSON
@click.pass_context
def list_items(ctx: click.Context, *, project: str, as_json: bool) -> None:
    """The gold items of PROJECT, and how people did on each."""
    items = _shown(open_instance(ctx), project)["items"]
    if as_json:
        print_json(items)
        return
    rows = [
        [
            one["use"],
            one["item"],
            ", ".join(f"{key}: {level}" for key, level in one["reference"].items()),
            _hits(one["right"]),
            one["note"],
        ]
        for one in items
    ]
    print_table(f"gold items of {project}", ["use", "item", "reference", "right", "note"], rows)


@training.command()
@click.argument("project")
@AS_JSON
@click.pass_context
def status(ctx: click.Context, *, project: str, as_json: bool) -> None:
    """The rule of PROJECT, and who is certified."""
    shown = _shown(open_instance(ctx), project)
    if as_json:
        print_json(shown)
        return
    rule = shown["rule"]
    click.echo(
        f"{rule['right']} right of {rule['n']} pass; error rates {rule['alpha']:.3f} and {rule['beta']:.3f};"
        f" {rule['items_missing']} more qualification items are needed"
    )
    rows = [
        [one["name"], one["certificate"]["state"] if one["certificate"] else "none", _hits(one["gold"]), _points(one)]
        for one in shown["reviewers"]
    ]
    print_table(f"reviewers of {project}", ["reviewer", "certificate", "gold right", "drift points"], rows)


def _shown(instance: Instance, project: str) -> dict[str, Any]:
    from evalhub.projects.queries import project_named
    from evalhub.training.queries.settings import settings_of
    from evalhub.training.shown import as_document, training_of

    with instance.reading() as session:
        found = project_named(session, project)
        settings = settings_of(session, found)
        return {"settings": settings.model_dump(mode="json"), **as_document(training_of(session, found, settings))}


def _hits(hits: dict[str, Any] | None) -> str:
    return f"{hits['hits']} of {hits['n']}" if hits else "–"


def _points(one: dict[str, Any]) -> str:
    return "–" if one["drift_points"] is None else str(one["drift_points"])
