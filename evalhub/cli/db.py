"""`evalhub db`: migrations."""

from __future__ import annotations

import io

import click
from alembic import command
from alembic.util.exc import CommandError

from evalhub.cli.instance import settings_of
from evalhub.db import Database
from evalhub.errors import BadInput, CannotStart, CheckFailed
from evalhub.migrating import (
    alembic_config,
    check_revision,
    connect,
    current_revision,
    expected_revision,
)
from evalhub.migrating import (
    downgrade as downgrade_to,
)
from evalhub.migrating import (
    upgrade as upgrade_to,
)


@click.group()
def db() -> None:
    """Upgrade, downgrade and check the database."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the database to this version's schema."""
    database = _database(ctx)
    upgrade_to(database)
    click.echo(f"The database is at revision {current_revision(database)}.")


@db.command()
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask; data that the older schema has no place for is lost.")
@click.pass_context
def downgrade(ctx: click.Context, *, revision: str, yes: bool) -> None:
    """Take the database back to REVISION ("base" is empty)."""
    database = _database(ctx)
    if not yes:
        click.confirm("What the older schema has no place for is lost. Go on?", abort=True)
    try:
        downgrade_to(database, revision)
    except CommandError as error:
        raise BadInput(f"there is no revision {revision} to go back to: {error}") from error
    click.echo(f"The database is at revision {current_revision(database) or '(empty)'}.")


@db.command()
@click.pass_context
def current(ctx: click.Context) -> None:
    """Print the database's revision and the one this version needs."""
    database = _database(ctx)
    click.echo(f"{current_revision(database) or '(empty)'} (this version needs {expected_revision(database)})")


@db.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Compare the database with this version's tables; exit 1 when they differ."""
    database = _database(ctx)
    try:
        check_revision(database)
        config = alembic_config(database)
        config.stdout = io.StringIO()  # its own message does not say what it is about
        command.check(config)
    except (CannotStart, CommandError) as error:
        raise CheckFailed(str(error)) from error
    click.echo("The database has this version's schema.")


def _database(ctx: click.Context) -> Database:
    database = connect(settings_of(ctx).database_url)
    ctx.call_on_close(database.close)
    return database
