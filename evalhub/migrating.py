"""Bring a database to the schema of this version, and say whether it is there."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy.exc
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
    """Bring the database to a revision.

    Raises:
        CannotStart: when a newer version of evalhub has been at it.
    """
    _check_that_known(database, current_revision(database))
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
        _check_that_known(database, found)
        raise CannotStart(
            f"the database is at revision {found or '(empty)'}, this version needs {expected};"
            " run `evalhub db upgrade`",
            code="database_revision",
        )


def _check_that_known(database: Database, found: str | None) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(database))
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise CannotStart(
            f"the database is at revision {found}, which this version does not know; use the evalhub that made it",
            code="database_revision",
        )


def connect(url: str) -> Database:
    """The database of this URL, whatever its revision.

    Raises:
        CannotStart: when the URL is not one, or nothing answers there.
    """
    try:
        database = Database(url)
        with database.engine.connect():
            return database
    except sqlalchemy.exc.ArgumentError as error:
        raise CannotStart("database_url is not a database's URL; give sqlite:///… or postgresql://…") from error
    except ModuleNotFoundError as error:
        raise CannotStart(f"the database's driver is missing ({error.name}); install evalhub[postgres]") from error
    except sqlalchemy.exc.DBAPIError as error:
        reason = str(error.orig).strip()
        raise CannotStart(f"the database cannot be reached: {reason}", code="database_unreachable") from error


def open_database(url: str) -> Database:
    """The database of this URL, with this version's schema.

    Raises:
        CannotStart: saying what to do.
    """
    database = connect(url)
    check_revision(database)
    return database


def new_database(url: str) -> Database:
    """The database of this URL, brought to this version's schema."""
    database = connect(url)
    upgrade(database)
    return database
