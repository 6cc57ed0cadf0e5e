"""`evalhub doctor`: look at everything that should hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.instance import Instance, open_instance
from evalhub.cli.output import print_json

if TYPE_CHECKING:
    from evalhub.export.models import Export
    from evalhub.jobs.models import Job
    from evalhub.review.models import Adoption

STOPPED_AFTER = timedelta(minutes=10)
"""Longer than a server takes to go on with what another one left."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Check settings, database, audit log, and the invariants of every project; exit 1 when something is wrong."""
    instance = open_instance(ctx)
    checks = {name: problems for name, problems in _checks(instance)}  # noqa: C416 -- a generator that works
    if as_json:
        print_json({"ok": not any(checks.values()), "checks": checks})
    else:
        for name, problems in checks.items():
            click.echo(f"{'ok ' if not problems else 'BAD'}  {name}")
            for problem in problems:
                click.echo(f"     {problem}")
    ctx.exit(1 if any(checks.values()) else 0)


def _checks(instance: Instance) -> Iterator[tuple[str, list[str]]]:
    """Each check by name, with what is wrong; settings and schema were checked when the instance was opened."""
    from evalhub.audit.queries import chain_differences
    from evalhub.db import now
    from evalhub.export.queries.past import kept_exports
    from evalhub.jobs.queries import jobs_without_worker
    from evalhub.projects.queries import all_projects
    from evalhub.review.queries.adoption import stopped_adoptions
    from evalhub.review.queries.invariants import broken_invariants

    yield "settings and schema", []
    if instance.database.is_sqlite:
        yield "database file", _integrity(instance)
    with instance.reading() as session:
        yield "audit log", [str(difference) for difference in chain_differences(session)]
        yield "background work", [_waiting(job) for job in jobs_without_worker(session)]
        lost = [export for export in kept_exports(session) if not Path(export.path or "").exists()]
        yield "kept exports", [_lost(export) for export in lost]
        for line in all_projects(session):
            stopped = stopped_adoptions(session, line.project.id, now(session) - STOPPED_AFTER)
            problems = [*broken_invariants(session, line.project.id), *map(_stopped, stopped)]
            yield f"project {line.project.name}", problems


def _waiting(job: Job) -> str:
    return (
        f"job {job.public_id} ({job.kind}) waits since {job.created_at:%Y-%m-%d %H:%M} UTC, and no worker was heard of;"
        " start `evalhub serve` or `evalhub work`"
    )


def _lost(export: Export) -> str:
    return f"the file of export {export.public_id} is gone, {export.path}; make it again on the page of exports"


def _stopped(adoption: Adoption) -> str:
    return (
        f"adoption {adoption.public_id} stands half done since {adoption.at:%Y-%m-%d %H:%M} UTC, its queues hidden;"
        " start `evalhub serve`, which goes on with it"
    )


def _integrity(instance: Instance) -> list[str]:
    with instance.database.engine.connect() as connection:
        answers = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    return [] if answers == ["ok"] else answers
