"""`evalhub project set | batches | batch`: what may change while a project is graded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json, print_table

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("set")
@click.argument("name")
@click.option("--title", help="What people see.")
@click.option("--due", type=DAY, help="Due date.")
@click.option("--no-due", is_flag=True, help="Due on no day.")
@click.option(
    "--lease-minutes", type=click.IntRange(1, 1440), help="How long an item is kept, from the next sign of life."
)
@click.option("--one-more/--no-one-more", default=None, help="Ask one more reviewer before an adjudicator, or do not.")
@click.option("--json", "as_json", is_flag=True, help="Print the settings as JSON.")
@click.pass_context
def change(ctx: click.Context, /, name: str, due: datetime | None, as_json: bool, **given: Any) -> None:
    """Change settings of project NAME; what is not named stays."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.projects.service import change_settings

    due_on = _due(due, no_due=given.pop("no_due"))
    changes = {key: value for key, value in given.items() if value is not None} | due_on
    settings = open_instance(ctx).write(
        lambda s: change_settings(s, project_named(s, name).id, changes, by=None, now=now(s))
    )
    shown = settings.model_dump(mode="json")
    if as_json:
        print_json(shown)
    else:
        print_table(name, ["setting", "value"], [[key.replace("_", " "), _plain(shown[key])] for key in shown])


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def batches(ctx: click.Context, name: str, as_json: bool) -> None:
    """The batches of project NAME, and how far they are."""
    from evalhub.projects.queries import project_named
    from evalhub.review.queries.batches import batches_with_progress

    with open_instance(ctx).reading() as session:
        rows = [
            {
                "id": one.batch.id,
                "batch": one.batch.name,
                "state": one.batch.state.value,
                "items": one.items,
                "done": one.done,
                "priority": one.batch.priority,
                "due": one.batch.due_on.isoformat() if one.batch.due_on else None,
            }
            for one in batches_with_progress(session, project_named(session, name).id)
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(f"batches of {name}", list(rows[0]), [[_plain(value) for value in row.values()] for row in rows])


@click.command()
@click.argument("name")
@click.argument("number", type=int)
@click.option("--rename", "new_name", help="Its new name.")
@click.option("--priority", type=click.IntRange(-100, 100), help="Higher is handed out first.")
@click.option("--due", type=DAY, help="Due date.")
@click.option("--no-due", is_flag=True, help="Due on no day.")
@click.option("--close", "state", flag_value="closed", help="Hand out no more items of it.")
@click.option("--open", "state", flag_value="open", help="Hand out its items again.")
@click.pass_context
def batch(ctx: click.Context, /, name: str, number: int, state: str | None, **given: Any) -> None:
    """Change a batch of project NAME; `project batches` prints the NUMBER of each."""
    from sqlalchemy.orm import Session

    from evalhub.db import now
    from evalhub.projects.models import BatchState
    from evalhub.projects.queries import project_named
    from evalhub.projects.service import change_batch, set_batch_state

    changes = {"name": given["new_name"], "priority": given["priority"]}
    named = {key: value for key, value in changes.items() if value is not None}

    def store(session: Session) -> None:
        project_id, moment = project_named(session, name).id, now(session)
        due = _due(given["due"], no_due=given["no_due"])
        change_batch(session, project_id, number, named | due, by=None, now=moment)
        if state is not None:
            set_batch_state(session, project_id, number, BatchState(state), by=None, now=moment)

    open_instance(ctx).write(store)
    click.echo(f"changed batch {number} of {name}")


def _due(due: datetime | None, *, no_due: bool) -> dict[str, Any]:
    if due is not None and no_due:
        raise click.UsageError("give --due or --no-due, not both")
    return {"due_on": due.date() if due else None} if due or no_due else {}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else value
