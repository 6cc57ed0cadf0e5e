"""`evalhub ratings`: past ratings, from another tool or another time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from evalhub.cli.dataset import FILE, is_csv


@click.group()
def ratings() -> None:
    """Import past ratings."""


@ratings.command("import")
@click.argument("file", type=FILE)
@click.option("--project", required=True, metavar="P", help="The project whose items were rated.")
@click.option(
    "--reviewer-map",
    type=FILE,
    metavar="F",
    help='A JSON object {"name in FILE": "sign-in name of a member"}; the others become imported reviewers.',
)
@click.option("--map", "maps", multiple=True, metavar="FIELD=PATH", help="Where a field stands in another shape.")
@click.option("--format", "file_format", type=click.Choice(["jsonl", "csv"]), help="Else told by the file's ending.")
@click.option("--check", is_flag=True, help="Only check the file; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def import_command(
    ctx: click.Context,
    *,
    file: Path,
    project: str,
    reviewer_map: Path | None,
    maps: Sequence[str],
    file_format: str | None,
    check: bool,
    as_json: bool,
) -> None:
    """Add the ratings in FILE to a project, all or none; they count towards the overlap of its items."""
    from evalhub.cli.instance import open_instance
    from evalhub.cli.progress import import_progress
    from evalhub.datasets.schema.mapping import parse_field_map
    from evalhub.datasets.schema.ratings import FIELDS
    from evalhub.projects.queries import project_named
    from evalhub.review.service.past_ratings import import_ratings

    field_map = parse_field_map(maps, FIELDS)
    names = _reviewer_map(reviewer_map)
    instance = open_instance(ctx)
    with instance.reading() as session:
        project_id = project_named(session, project).id
    with file.open("rb") as stream, import_progress(file.stat().st_size) as progress:
        result = import_ratings(
            instance.database,
            stream,
            project_id=project_id,
            source_name=str(file),
            actor_id=None,
            reviewer_map=names,
            field_map=field_map,
            is_csv=is_csv(file, file_format),
            check_only=check,
            progress=progress,
        )
    if as_json:
        document = {
            "project": project,
            "checked_only": check,
            "added": 0 if check else result.added,
            "unchanged": result.unchanged,
            "items": result.items,
            "reviewers": result.reviewers,
            "sha256": result.sha256,
        }
        click.echo(json.dumps(document, indent=1))
    elif check:
        click.echo(f"{file.name} is good: {result.added:,} ratings of {result.items:,} items.")
    else:
        click.echo(
            f"{result.added:,} ratings of {result.items:,} items by {result.reviewers:,} reviewers added to {project},"
            f" {result.unchanged:,} were there already."
        )


def _reviewer_map(path: Path | None) -> dict[str, str]:
    """The map of names.

    Raises:
        BadInput: the file is no JSON object of texts.
    """
    from evalhub.datasets.schema.jsonl import StrictJsonError, strict_json
    from evalhub.errors import BadInput, Fault

    if path is None:
        return {}
    try:
        found = strict_json(path.read_bytes())
    except StrictJsonError as error:
        raise BadInput(f"{path}: is not JSON", faults=[error.fault], source=str(path)) from error
    if not isinstance(found, dict) or not all(isinstance(login, str) for login in found.values()):
        message = 'write a JSON object like {"rater1": "ann"}'
        raise BadInput(f"{path}: {message}", faults=[Fault("schema", message)], source=str(path))
    return {source: str(login) for source, login in found.items()}
