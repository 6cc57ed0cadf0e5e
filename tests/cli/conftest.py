"""The command line on an instance of each kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalhub.cli import cli
from evalhub.db import Database


class Evalhub:
    """The command on an instance whose database is migrated and empty."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._environment = {"EVALHUB_INSTANCE": str(folder), "EVALHUB_DATABASE_URL": url}
        folder.mkdir()
        (folder / "secret_key").write_text("Zk3yThatIsLong-and-Random_0123456789abcdef")

    def __call__(self, *arguments: str) -> Result:
        return CliRunner(env=self._environment).invoke(cli, list(arguments))


@pytest.fixture
def evalhub(database: Database, tmp_path: Path) -> Evalhub:
    return Evalhub(tmp_path / "instance", database.url.render_as_string(hide_password=False))
