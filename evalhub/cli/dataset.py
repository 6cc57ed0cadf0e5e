"""`evalhub dataset`: items come in here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli import escape_controls

if TYPE_CHECKING:
    from evalhub.datasets.schema.reading import FileShape
    from evalhub.datasets.service import ImportResult

FORMATS = ("jsonl", "csv", "inspect", "lm-eval", "openai-batch", "mt-bench", "biggen", "label-studio", "chat")
"""Written out, so that `--help` answers at once; a test compares it with `reading.FORMAT_NAMES`."""
FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


@click.group()
def dataset() -> None:
    """Import, list and show datasets."""


@dataset.command("import")
@click.argument("file", type=FILE)
@click.option("--dataset", "name", required=True, metavar="D", help="The dataset; its first import makes it.")
@click.option("--map", "maps", multiple=True, metavar="FIELD=PATH", help="Where a field stands in another shape.")
@click.option("--format", "file_format", type=click.Choice(FORMATS), help="Else guessed.")
@click.option("--with", "others", multiple=True, type=FILE, help="A file that FILE is joined with, like its requests.")
@click.option("--skip-failed", is_flag=True, help="Leave out, and list, foreign records without prompt or response.")
@click.option("--check", is_flag=True, help="Only check the file; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def import_command(
    ctx: click.Context,
    *,
    file: Path,
    name: str,
    maps: Sequence[str],
    file_format: str | None,
    others: Sequence[Path],
    skip_failed: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Add the items of FILE to a dataset, all or none.

    FILE is JSON lines, CSV with a header, or a file of another tool. Every bad line is named, and then nothing is
    stored.
    """
    from evalhub.cli.instance import open_instance
    from evalhub.cli.progress import import_progress
    from evalhub.datasets.service import check_items, import_items

    instance = open_instance(ctx)
    with ExitStack() as open_files:
        shape = _shape(open_files, file, file_format, maps, others, skip_failed=skip_failed)
        stream = open_files.enter_context(file.open("rb"))
        progress = open_files.enter_context(import_progress(file.stat().st_size))
        run = partial(check_items, instance.reading) if check else partial(import_items, instance.write, actor_id=None)
        result = run(stream, dataset_name=name, source_name=str(file), shape=shape, progress=progress)
    _print_result(name, file, result, shape, checked=check, as_json=as_json)


def _shape(
    open_files: ExitStack,
    file: Path,
    file_format: str | None,
    maps: Sequence[str],
    others: Sequence[Path],
    *,
    skip_failed: bool,
) -> FileShape:
    """How the file is read: as told, else as its beginning looks; lm-eval's results are found beside the samples."""
    from evalhub.datasets.schema.formats import GUESS_BYTES, Companion, guess_format, results_beside
    from evalhub.datasets.schema.items import CHECKS
    from evalhub.datasets.schema.mapping import parse_field_map
    from evalhub.datasets.schema.reading import FileShape

    field_map = parse_field_map(maps, CHECKS)
    if file_format is None and field_map is not None:
        file_format = "csv" if is_csv(file, None) else "jsonl"
    if file_format is None:
        with file.open("rb") as stream:
            file_format = guess_format(stream.read(GUESS_BYTES), file.name)
    beside = results_beside(file.name) if file_format == "lm-eval" and not others else None
    if beside is not None and (file.parent / beside).is_file():
        others = [file.parent / beside]
    companions = tuple(Companion(str(other), open_files.enter_context(other.open("rb"))) for other in others)
    return FileShape(file_format, field_map, companions, skip_failed)


def is_csv(file: Path, file_format: str | None) -> bool:
    """Whether the file is read as CSV: as told, else by its ending."""
    return file_format == "csv" if file_format else file.suffix.lower() == ".csv"


def _print_result(
    name: str, file: Path, result: ImportResult, shape: FileShape, *, checked: bool, as_json: bool
) -> None:
    for record in result.left_out.listed:
        click.echo(escape_controls(f"left out: {record.located(str(file))}"), err=True)
    if result.left_out.total > len(result.left_out.listed):
        click.echo(f"left out: … and {result.left_out.total - len(result.left_out.listed):,} more", err=True)
    for warning in result.warnings.listed:
        click.echo(escape_controls(f"warning: {warning.located(str(file))}"), err=True)
    unlisted = result.warnings.total - len(result.warnings.listed)
    if unlisted:
        click.echo(f"warning: … and {unlisted:,} more", err=True)
    if as_json:
        document = {
            "dataset": name,
            "format": shape.format,
            "checked_only": checked,
            "added": 0 if checked else result.added,
            "new": result.added,
            "unchanged": result.unchanged,
            "sha256": result.sha256,
            "warnings": result.warnings.total,
            "left_out": result.left_out.total,
        }
        click.echo(json.dumps(document, indent=1))
    elif checked:
        click.echo(f"{file.name} is good: {result.added:,} items new to {name}, {result.unchanged:,} there already.")
    elif result.added:
        click.echo(f"{result.added:,} items added to {name}, {result.unchanged:,} were there already.")
    else:
        click.echo(f"Nothing to add: all {result.unchanged:,} items are in {name} already.")


@dataset.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_command(ctx: click.Context, *, as_json: bool) -> None:
    """List the datasets."""
    from evalhub.cli.instance import open_instance
    from evalhub.datasets import queries

    with open_instance(ctx).reading() as session:
        lines = queries.datasets(session)
    rows = [{"name": line.dataset.name, "items": line.n_items, "imports": line.n_imports} for line in lines]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    if not rows:
        click.echo("There is no dataset yet; make one with: evalhub dataset import FILE --dataset NAME")
    for line in lines:
        click.echo(f"{line.dataset.name:32}  {line.n_items:>9,} items  {line.n_imports:>4,} imports")


@dataset.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(ctx: click.Context, *, name: str, as_json: bool) -> None:
    """Show a dataset and the files it was made of."""
    from evalhub.cli.instance import open_instance
    from evalhub.datasets import queries

    with open_instance(ctx).reading() as session:
        found = queries.dataset_named(session, name)
        n_items = queries.n_items_of(session, found.id)
        imports = queries.imports_of(session, found.id)
    rows = [
        {
            "source": line.item_import.source,
            "sha256": line.item_import.sha256,
            "items": line.item_import.n_items,
            "completed_at": line.item_import.completed_at.isoformat() if line.item_import.completed_at else None,
            "by": line.by,
        }
        for line in imports
    ]
    if as_json:
        click.echo(json.dumps({"name": found.name, "items": n_items, "imports": rows}, ensure_ascii=False, indent=1))
        return
    click.echo(f"{found.name}: {n_items:,} items")
    for row in rows:
        click.echo(escape_controls(f"  {row['items']:>9,}  {row['completed_at']}  {row['sha256']}  {row['source']}"))


@dataset.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def imports(ctx: click.Context, *, name: str, as_json: bool) -> None:
    """List the imports of a dataset, the last one first, with the ids by which one is undone."""
    from evalhub.cli.instance import open_instance
    from evalhub.datasets import queries

    with open_instance(ctx).reading() as session:
        lines = queries.imports_of(session, queries.dataset_named(session, name).id)
    rows = [
        {
            "id": line.item_import.id,
            "source": line.item_import.source,
            "sha256": line.item_import.sha256,
            "items": line.item_import.n_items,
            "completed_at": line.item_import.completed_at.isoformat() if line.item_import.completed_at else None,
            "by": line.by,
        }
        for line in lines
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(escape_controls(f"{row['id']:>6}  {row['items']:>9,} items  {row['completed_at']}  {row['source']}"))


@dataset.command()
@click.argument("name")
@click.argument("import_id", type=int, metavar="IMPORT")
@click.pass_context
def undo(ctx: click.Context, *, name: str, import_id: int) -> None:
    """Undo an import that nobody has worked on yet: IMPORT is its id in `evalhub dataset imports`."""
    from evalhub.cli.instance import open_instance
    from evalhub.datasets import queries
    from evalhub.datasets.service.sweeping import drop_import
    from evalhub.datasets.service.undoing import undo_import

    instance = open_instance(ctx)
    undone = instance.write(
        lambda session: undo_import(session, queries.dataset_named(session, name), import_id, by=None)
    )
    while instance.write(partial(drop_import, import_id=import_id)):
        pass
    click.echo(escape_controls(f"{undone.source} is undone: {undone.n_items:,} items are gone from {name}."))
