"""`evalhub project adopt`: take up another version of a project's rubric."""

from __future__ import annotations

from typing import Any

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json


@click.command()
@click.argument("name")
@click.argument("version", type=click.IntRange(min=1))
@click.option(
    "--changed",
    type=click.Choice(["regrade", "sample", "keep"]),
    required=True,
    help="What becomes of begun items that VERSION asks something new of: all are asked it, some, or none.",
)
@click.option("--n", type=click.IntRange(min=1), help="Of a sample: how many items.")
@click.option("--reason", required=True, help="Why; it is kept for good.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def adopt(
    ctx: click.Context,
    *,
    name: str,
    version: int,
    changed: str,
    n: int | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Have project NAME use VERSION of its rubric from now on."""
    from evalhub.projects.queries import project_named
    from evalhub.review.queries.adoption import adoption_plan
    from evalhub.review.schema import Changed
    from evalhub.review.service.adopt import AdoptionRequest, begin_adoption, check_request, go_on

    instance, asked = open_instance(ctx), AdoptionRequest(version, Changed(changed), reason, n)
    check_request(asked)
    with instance.reading() as session:
        project = project_named(session, name)
        plan = adoption_plan(session, project, version)
    found = plan.said(asked.changed, n)
    if not dry_run:
        found["regrades"] = go_on(instance.database, begin_adoption(instance.database, project.id, asked)).regrades
    if as_json:
        print_json(found | {"adopted": not dry_run})
        return
    for line in _lines(found):
        click.echo(line)
    click.echo("nothing was done" if dry_run else f"{name} uses version {version} now")


def _lines(found: dict[str, Any]) -> list[str]:
    def keys(name: str) -> str:
        return ", ".join(found[name]) or "none"

    hours = "" if found["hours"] is None else f", about {found['hours']:.1f} hours"
    return [
        f"asks the same: {keys('carried_over')}; otherwise: {keys('changed')}; added: {keys('added')};"
        f" removed: {keys('removed')}",
        f"{found['untouched']} items move to version {found['to_version']}; {found['begun']} were begun and stay on"
        f" theirs, {found['complete']} of them with all their reviews",
        f"{found['leases']} leases finish on their version; {found['certificates']} certificates lapse",
        f"{found['regrades']} of {found['without_answer']} items are regraded{hours}",
    ]
