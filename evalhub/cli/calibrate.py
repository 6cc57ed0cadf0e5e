"""`evalhub calibrate PROJECT`: how far a project's grades can be trusted, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.command()
@click.argument("project")
@click.option("--criterion", help="Only this criterion.")
@click.option("--since", type=MOMENT, help="Only reviews submitted at or after this moment (UTC).")
@click.option("--until", type=MOMENT, help="Only reviews submitted before this moment (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report as one self-contained file, without names.",
)
@click.option("--names", is_flag=True, help="With --html: name reviewers and items.")
@click.pass_context
def calibrate(
    ctx: click.Context,
    *,
    project: str,
    criterion: str | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    html_file: Path | None,
    names: bool,
) -> None:
    """Print the calibration report of PROJECT: what to do next, and what it rests on."""
    from evalhub.calibration.html import self_contained
    from evalhub.calibration.service import full_report
    from evalhub.cli.calibrate_text import print_report
    from evalhub.projects.queries import project_named

    if names and html_file is None:
        raise click.UsageError("--names belongs to --html.")
    with open_instance(ctx).reading() as session, _progress() as progress:
        found = full_report(
            session,
            project_named(session, project).id,
            criterion=criterion,
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) if until else None,
            progress=progress,
        )
    if html_file is not None:
        html_file.write_text(self_contained(found, names=names), "utf-8")
    if as_json:
        print_json(found.as_dict())
    elif html_file is not None:
        click.echo(f"wrote {html_file}")
    else:
        print_report(found)


@contextmanager
def _progress() -> Iterator[Callable[[int, int | None, str], None]]:
    """Criteria done of all, on stderr and only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total, stage: bars.update(task, completed=done, total=total, description=stage)
