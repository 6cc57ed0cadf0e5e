"""Bring a database to the schema of this version, and say whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from evalhub.db import Database
from evalhub.errors import CannotStart

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """A folder that stands beside the package in a checkout and inside it in a wheel."""
    beside = PACKAGE.parent / folder
    return beside if (PACKAGE.parent / "pyproject.toml").is_file() else PACKAGE / "_shipped" / folder


def alembic_config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    command.upgrade(alembic_config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    command.downgrade(alembic_config(database), revision)


def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def expected_revision(database: Database) -> str:
    head = ScriptDirectory.from_config(alembic_config(database)).get_current_head()
    return str(head)


def check_revision(database: Database) -> None:
    """Refuse a database whose schema is not this version's.

    Raises:
        CannotStart: saying what to run.
    """
    found, expected = current_revision(database), expected_revision(database)
    if found != expected:
        raise CannotStart(
            f"the database is at revision {found or '(empty)'}, this version needs {expected};"
            " run `evalhub db upgrade`",
            code="database_revision",
        )
