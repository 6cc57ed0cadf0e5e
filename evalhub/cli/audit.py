"""`evalhub audit`: verify and export the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from evalhub.cli.instance import Instance, open_instance
from evalhub.cli.output import print_json
from evalhub.errors import CheckFailed


@click.group()
def audit() -> None:
    """Verify and export the audit log."""


@audit.command()
@click.option("--project", metavar="NAME", help="Only the chain of this project.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(ctx: click.Context, *, project: str | None, as_json: bool) -> None:
    """Look at every chain from its beginning; exit 1 at the first altered, removed or reordered event of each."""
    from evalhub.audit.queries import chain_names, head_of
    from evalhub.audit.service import verify as verify_chains

    instance = open_instance(ctx)
    chain = _chain_of(instance, project)
    differences = verify_chains(instance.database, by="", at=datetime.now(UTC), chain=chain)
    with instance.reading() as session:
        names = [chain] if chain else chain_names(session)
        heads = [head for name in names if (head := head_of(session, name)) is not None]
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
@click.option("--project", metavar="NAME", help="Only the chain of this project.")
@click.pass_context
def export(ctx: click.Context, *, output: Path | None, project: str | None) -> None:
    """Write the chained events as JSONL, with the hash of each."""
    from evalhub.audit.queries import exported
    from evalhub.audit.service import chain_all

    instance = open_instance(ctx)
    chain = _chain_of(instance, project) or None
    chain_all(instance.database, chain)
    with instance.reading() as session, click.open_file(str(output or "-"), "w", encoding="utf-8") as file:
        for line in exported(session, chain):
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")


def _chain_of(instance: Instance, project: str | None) -> str:
    """The chain of a project; "" stands for all of them."""
    from evalhub.projects.queries import project_named

    if project is None:
        return ""
    with instance.reading() as session:
        return project_named(session, project).public_id
