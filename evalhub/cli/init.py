"""`evalhub init`: an instance's folder, key, settings, database and first admin."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path

import click

from evalhub.cli.instance import folder_of
from evalhub.config import Settings
from evalhub.errors import Conflict

TOML = """\
# Settings of this evalhub instance. A variable EVALHUB_<NAME> of the environment goes before the line here.

# Where people reach this server. Plain http is for this machine alone; behind TLS say https://.
base_url = {base_url}

# Where the data is. By default evalhub.db in this folder; postgresql://user@host/name for a server.
{database_line}

# Further host names that requests may carry, for instance of a monitor.
# trusted_hosts = ["evalhub.internal"]

# Sign-in sessions end after so many minutes without use, and after so many hours in any case.
# session_idle_minutes = 60
# session_hours = 12

# Largest form or JSON body, and largest import, in MiB.
# max_body_mib = 2
# max_import_mib = 4096

# Seconds between sweeps of lapsed leases.
# sweep_seconds = 15.0
"""


@click.command()
@click.option("--base-url", default="http://127.0.0.1:8000", show_default=True, help="Where people reach the server.")
@click.option("--database-url", help="postgresql://…; by default an SQLite file in the instance's folder.")
@click.option("--login", default="admin", show_default=True, help="The admin's sign-in name.")
@click.option("--name", "display_name", default="Admin", show_default=True, help="The admin's name.")
@click.pass_context
def init(ctx: click.Context, *, base_url: str, database_url: str | None, login: str, display_name: str) -> None:
    """Set up an instance, and print a link by which its admin chooses a password."""
    folder = folder_of(ctx)
    link = make_instance(folder, base_url=base_url, database_url=database_url, login=login, display_name=display_name)
    click.echo(f"The instance is in {folder}.")
    click.echo(f"Start it:  evalhub serve --instance {folder}")
    click.echo(f"Then open this link, which works once, for seven days, and choose {login}'s password:")
    click.echo(link)


def make_instance(
    folder: Path, *, base_url: str, database_url: str | None = None, login: str, display_name: str
) -> str:
    """Make the folder, all or nothing, and return the admin's one-time link.

    Raises:
        Conflict: when there is something in the folder.
        CannotStart: when a setting is wrong or the database cannot be reached.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not empty; name another folder, or use the instance in it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        link = _fill(making, base_url, database_url, login, display_name)
        making.chmod(0o700)
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return link


def _fill(folder: Path, base_url: str, database_url: str | None, login: str, display_name: str) -> str:
    from evalhub.config import load_settings

    _write_private(folder / "secret_key", secrets.token_urlsafe(48) + "\n")
    database_line = f"database_url = {_toml(database_url)}" if database_url else "# database_url = …"
    _write_private(
        folder / "evalhub.toml", TOML.format(base_url=_toml(base_url.rstrip("/")), database_line=database_line)
    )
    # Only what is written here counts, or the instance would not be the one that was asked for.
    return _first_link(load_settings(folder, environment={}), login, display_name)


def _first_link(settings: Settings, login: str, display_name: str) -> str:
    from evalhub.accounts.models import InstanceRole
    from evalhub.accounts.schema import link_url
    from evalhub.accounts.service import invite
    from evalhub.migrating import new_database
    from evalhub.web.context import utc_now
    from evalhub.web.session import write

    database = new_database(settings.database_url)
    try:
        _, token = write(
            lambda session: invite(session, login, display_name, InstanceRole.ADMIN, by_id=None, now=utc_now()),
            on=database,
        )
    finally:
        database.close()
    return link_url(settings.base_url, token)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of its own."""
    return json.dumps(text, ensure_ascii=False)
