"""`evalhub item …`: take items out of all projects on a dataset, put them back, and replace them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json

if TYPE_CHECKING:
    from evalhub.review.service.withdraw import Moved

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
REASON = click.option("--reason", required=True, help="Why; it is kept for good.")
PLACE = click.argument("place", metavar="PROJECT|DATASET")


@click.group()
def item() -> None:
    """Withdraw, restore and replace items, in all projects on their dataset."""


@item.command()
@PLACE
@click.argument("item_id", metavar="ITEM")
@REASON
@AS_JSON
@click.pass_context
def withdraw(ctx: click.Context, *, place: str, item_id: str, reason: str, as_json: bool) -> None:
    """Take ITEM out: nobody is given it, and its ratings count nowhere until it is restored."""
    from evalhub.review.service.withdraw import withdraw_item

    moved = _change(ctx, withdraw_item, place, item_id, reason)
    _say(as_json, asdict(moved), f"{item_id} is withdrawn; tasks held: {moved.n_tasks}, leases ended: {moved.n_leases}")


@item.command()
@PLACE
@click.argument("item_id", metavar="ITEM")
@REASON
@AS_JSON
@click.pass_context
def restore(ctx: click.Context, *, place: str, item_id: str, reason: str, as_json: bool) -> None:
    """Put ITEM back: its ratings count again, and what is free returns to the queues."""
    from evalhub.review.service.withdraw import restore_item

    moved = _change(ctx, restore_item, place, item_id, reason)
    _say(as_json, asdict(moved), f"{item_id} is restored; tasks: {moved.n_tasks}")


@item.command()
@PLACE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@REASON
@AS_JSON
@click.pass_context
def replace(ctx: click.Context, *, place: str, file: Path, reason: str, as_json: bool) -> None:
    """Put the one item of FILE, a line of JSON, in the place of the item with its id; it is graded anew."""
    from evalhub.review.queries.life import dataset_of
    from evalhub.review.service.replace import Replaced, replace_item

    row = _only_row(file)

    def change(session: Any) -> Replaced:
        return replace_item(session, dataset_of(session, place).id, row, reason=reason, by=None)

    done = open_instance(ctx).write(change)
    what = f"is replaced: revision {done.revision}, new tasks: {done.n_tasks}" if done.is_new else "says this already"
    _say(as_json, asdict(done), f"{row.external_id} {what}")


def _change(ctx: click.Context, act: Callable[..., Moved], place: str, item_id: str, reason: str) -> Moved:
    from evalhub.review.queries.life import dataset_of

    return open_instance(ctx).write(
        lambda session: act(session, dataset_of(session, place).id, item_id, reason=reason, by=None)
    )


def _only_row(file: Path) -> Any:
    """The one item of a file of JSON lines.

    Raises:
        BadInput: with the faults of its lines, or because there is not exactly one.
    """
    from evalhub.datasets.schema.faults import FileFaults
    from evalhub.datasets.schema.reading import FileShape, read_items
    from evalhub.errors import BadInput, Fault

    faults = FileFaults(file.name)
    with file.open("rb") as stream:
        rows = list(read_items(stream, faults, FileShape()))
    faults.raise_if_any()
    if len(rows) != 1:
        wrong = f"holds {len(rows)} items; give exactly one, for it takes the place of one"
        raise BadInput("There is not one item.", faults=[Fault("schema", wrong)], source=file.name)
    return rows[0]


def _say(as_json: bool, figures: dict[str, Any], words: str) -> None:
    if as_json:
        print_json(figures)
    else:
        click.echo(words)
