"""`evalhub review void`: have somebody's reviews count no more."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.group()
def review() -> None:
    """Void reviews."""


@review.command()
@click.argument("project")
@click.option("--reviewer", required=True, metavar="LOGIN", help="Whose: a sign-in name, or a name in past ratings.")
@click.option("--since", type=MOMENT, help="Only reviews submitted at or after this moment (UTC).")
@click.option("--until", type=MOMENT, help="Only reviews submitted before this moment (UTC); now, where it is missing.")
@click.option("--assignment", metavar="ID", help="Only the review of this assignment.")
@click.option("--reason", required=True, help="Why; it is kept for good.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def void(
    ctx: click.Context,
    *,
    project: str,
    reviewer: str,
    since: datetime | None,
    until: datetime | None,
    assignment: str | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Void reviews of PROJECT: they leave all figures, and others fill their places. It cannot be undone."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.review.queries.voidable import Span, reviewer_named, void_plan
    from evalhub.review.service.void import Act, void_reviews

    instance = open_instance(ctx)
    with instance.reading() as session:
        project_id = project_named(session, project).id
        span = Span(
            project_id,
            reviewer_named(session, project_id, reviewer).id,
            until=until.replace(tzinfo=UTC) if until else now(session),
            since=since.replace(tzinfo=UTC) if since else None,
            assignment=assignment,
        )
        plan = void_plan(session, span)
    n_voided = 0 if dry_run else void_reviews(instance.database, span, Act(reason, by_id=None))
    if as_json:
        print_json({"dry_run": dry_run, "voided": n_voided, "plan": asdict(plan)})
        return
    done = f"would void {plan.total}" if dry_run else f"voided {n_voided}"
    click.echo(f"{done} reviews of {reviewer} in {project}; back to the queue: {plan.to_queue} items")
    if plan.nobody_left:
        click.echo(f"nobody is left for {plan.nobody_left} of them: take somebody in")
    if plan.decided:
        click.echo(f"{plan.decided} items are settled: their decisions stand")
