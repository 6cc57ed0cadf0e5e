"""`evalhub export` and `evalhub verify`: scored datasets, and whether one is still what was written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.output import print_json
from evalhub.errors import BadInput

if TYPE_CHECKING:
    from evalhub.cli.instance import Instance
    from evalhub.export.schema.options import Options
    from evalhub.export.service import MadeExport

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"])
STATES = click.Choice(["final", "adjudication_pending", "incomplete"])


@click.command()
@click.argument("project")
@click.option("--output", "-o", metavar="DIR", help="A new folder; with --format jsonl a new file, or - for stdout.")
@click.option("--format", "shape", type=click.Choice(["bundle", "jsonl"]), default="bundle", show_default=True)
@click.option("--state", "states", multiple=True, type=STATES, help="Only items in this state; may be repeated.")
@click.option("--model", "models", multiple=True, help="Only items of this model; may be repeated.")
@click.option("--tag", "tags", multiple=True, help="Only items with this tag; may be repeated.")
@click.option("--criterion", "criteria", multiple=True, help="Only this criterion; may be repeated.")
@click.option("--batch", "batches", multiple=True, help="Only items of this batch; may be repeated.")
@click.option("--as-of", type=MOMENT, help="Only items that came in and last changed by this moment (UTC).")
@click.option("--without-text", is_flag=True, help="Leave prompts, responses, notes, quotes and metadata empty.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.pass_context
def export(
    ctx: click.Context,
    *,
    project: str,
    output: str | None,
    shape: str,
    states: Sequence[str],
    models: Sequence[str],
    tags: Sequence[str],
    criteria: Sequence[str],
    batches: Sequence[str],
    as_of: datetime | None,
    without_text: bool,
    as_json: bool,
) -> None:
    """Write PROJECT's scored dataset: a bundle with everything needed to check it, or the items as JSONL alone."""
    from evalhub.cli.instance import open_instance
    from evalhub.export.schema.options import Options

    options = Options.model_validate(
        {
            "state": states,
            "model": models,
            "tag": tags,
            "criterion": criteria,
            "batch": batches,
            "as_of": as_of.replace(tzinfo=UTC) if as_of else None,
            "without_text": without_text,
        }
    )
    if output is None and shape == "bundle":
        raise BadInput("Say where to write the bundle: --output DIR.")
    instance = open_instance(ctx)
    if shape == "jsonl":
        made = _jsonl(instance, project, output or "-", options)
    else:
        made = _bundle(instance, project, Path(output or ""), options)
    if as_json:
        document = {
            "output": output,
            "shape": shape,
            "sha256": made.sha256,
            "items": made.n_items,
            "unscored": made.n_unscored,
            "ratings": made.n_ratings,
        }
        print_json(document)
    elif shape == "bundle":
        click.echo(
            f"{output}: {made.n_items:,} scored items, {made.n_unscored:,} unscored, {made.n_ratings:,} ratings\n"
            f"sha256 of the manifest: {made.sha256}"
        )


def _bundle(instance: Instance, project: str, target: Path, options: Options) -> MadeExport:
    from evalhub.export.service import make_bundle
    from evalhub.projects.queries import project_named

    with instance.reading() as session:
        project_id = project_named(session, project).id
    return make_bundle(instance.database, project_id, options, target, by_id=None, now=datetime.now(UTC))


def _jsonl(instance: Instance, project: str, output: str, options: Options) -> MadeExport:
    from evalhub.export.service import make_jsonl
    from evalhub.export.service.files import file_at_once
    from evalhub.projects.queries import project_named

    with instance.reading() as session:
        project_id = project_named(session, project).id
    if output == "-":
        return make_jsonl(instance.database, project_id, options, sys.stdout.buffer, by_id=None, now=datetime.now(UTC))
    with file_at_once(Path(output)) as stream:
        return make_jsonl(instance.database, project_id, options, stream, by_id=None, now=datetime.now(UTC))


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.option("--expect", metavar="SHA", help="The manifest's sha256, from the receipt or the audit log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(*, folder: Path, expect: str | None, as_json: bool) -> None:
    """Compute again everything that the bundle in DIR says about itself; exit 1 at the first difference."""
    from evalhub.export.schema.verify import verify_bundle

    if not folder.is_dir():
        raise BadInput(f"{folder} is a file; unpack it, and name the folder that holds manifest.json.")
    found = verify_bundle(folder, expect=expect)
    if as_json:
        print_json(
            {"ok": True, "manifest_sha256": found.manifest_sha256, "files": found.n_files, "records": found.n_records}
        )
        return
    click.echo(f"{folder} is whole: {found.n_files} files, {found.n_records:,} records")
    click.echo(f"sha256 of the manifest: {found.manifest_sha256}")
