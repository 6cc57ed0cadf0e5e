"""`evalhub audit`: verify and export the log."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json
from evalhub.errors import CheckFailed


@click.group()
def audit() -> None:
    """Verify and export the audit log."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, *, as_json: bool) -> None:
    """Look at every chain from its beginning; exit 1 at the first altered, removed or reordered event of each."""
    from evalhub.audit.queries import chain_differences, chain_names, head_of
    from evalhub.audit.service import chain_all

    instance = open_instance(ctx)
    chain_all(instance.database)
    with instance.reading() as session:
        differences = chain_differences(session)
        heads = [head for name in chain_names(session) if (head := head_of(session, name)) is not None]
    if as_json:
        print_json(
            {
                "ok": not differences,
                "chains": [{"chain": head.chain, "events": head.seq, "head": head.hash} for head in heads],
                "differences": [{"chain": d.chain, "event": d.seq, "what": d.what} for d in differences],
            }
        )
        ctx.exit(1 if differences else 0)
    if differences:
        raise CheckFailed("; ".join(map(str, differences)))
    click.echo(f"the log is whole: {sum(head.seq for head in heads)} events in {len(heads)} chains")


@audit.command()
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A file; else standard output.")
@click.pass_context
def export(ctx: click.Context, *, output: Path | None) -> None:
    """Write the chained events as JSONL, with the hash of each."""
    from evalhub.audit.queries import exported
    from evalhub.audit.service import chain_all

    instance = open_instance(ctx)
    chain_all(instance.database)
    with instance.reading() as session, click.open_file(str(output or "-"), "w", encoding="utf-8") as file:
        for line in exported(session):
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
