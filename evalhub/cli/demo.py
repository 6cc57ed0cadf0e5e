"""`evalhub demo`: an instance with a project to try, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.config import Settings, load_settings
from evalhub.errors import Conflict

if TYPE_CHECKING:
    from evalhub.demo.people import SignInLink

HOST = "127.0.0.1"
MARK = "DEMO"
"""A file that tells a demo's folder from others."""


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-instance"),
    show_default=True,
    help="The demo's folder; one that holds a demo is served again.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port on this machine's own address."
)
@click.option("--no-serve", is_flag=True, help="Only make the instance and print fresh links.")
def demo(*, folder: Path, port: int, no_serve: bool) -> None:
    """Make an instance with a demo project, print links to sign in with, and serve it.

    Its answers were written for the demo, and its ratings are simulated.
    """
    from evalhub.cli.serve import check_port, run_server

    if not no_serve:
        check_port(HOST, port)  # before links are printed that would lead to another server
    base_url = f"http://{HOST}:{port}"
    folder = folder.resolve()
    if not _holds_a_demo(folder):
        _make(folder, base_url)
    settings = _settings(folder)
    click.echo(_greeting(base_url, _fresh_links(settings, base_url)))
    if no_serve:
        _load(settings)
    else:
        _load_meanwhile(settings)
        run_server(settings, host=HOST, port=port, workers=1, threads=16)


def _holds_a_demo(folder: Path) -> bool:
    """Whether the folder was made by this command.

    Raises:
        Conflict: there is something else in it.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return False
    if (folder / MARK).is_file():
        return True
    raise Conflict(f"{folder} holds something else than a demo; name another folder with --dir")


def _make(folder: Path, base_url: str) -> None:
    """Make the instance beside its place, and move it there when it is whole."""
    from evalhub.cli.init import make_instance
    from evalhub.demo.people import ADMIN

    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make_instance(making, base_url=base_url, login=ADMIN.login, display_name=ADMIN.name)
        (making / MARK).write_text("`evalhub demo` made this folder; it may be deleted.\n")
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _fresh_links(settings: Settings, base_url: str) -> list[SignInLink]:
    from evalhub.demo.people import sign_in_links
    from evalhub.migrating import open_database

    database = open_database(settings.database_url)
    try:
        return sign_in_links(database, base_url)
    finally:
        database.close()


def _load(settings: Settings) -> None:
    """Load the demo project where it is missing, or the rest of it."""
    from evalhub.demo.load import is_loaded, load_demo
    from evalhub.migrating import open_database
    from evalhub.wiring import connect_handlers

    connect_handlers()
    database = open_database(settings.database_url)
    try:
        if not is_loaded(database):
            load_demo(database)
    finally:
        database.close()


def _load_meanwhile(settings: Settings) -> None:
    """Load in a process of its own, so that the server answers at once; nobody waits for it, and it is soon done."""
    sys.stdout.flush()
    if os.fork():
        return
    status = 1
    try:
        _load(settings)
        status = 0
    except Exception as error:  # noqa: BLE001 -- the edge of a process
        click.echo(f"evalhub: the demo project could not be loaded: {error}", err=True)
    finally:
        os._exit(status)


def _settings(folder: Path) -> Settings:
    """The folder's own settings: a database named in the environment is not the demo's to write to."""
    return load_settings(folder, environment={})


def _greeting(base_url: str, links: list[SignInLink]) -> str:
    width = max(len(link.name) for link in links)
    return "\n".join(
        [
            f"The demo is at {base_url}",
            "Its answers were written for the demo, and its ratings are simulated.",
            "Sign in by one of these links; each works once, for twelve hours:",
            *(f"  {link.name:{width}}  {link.url}" for link in links),
            "`evalhub demo --no-serve`, with the same --dir and --port, prints fresh links.",
        ]
    )
