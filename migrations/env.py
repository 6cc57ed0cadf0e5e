"""Alembic's entry: runs the migrations on the database that evalhub hands over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from sqlalchemy import Connection

import evalhub.accounts.models
import evalhub.adjudication.models
import evalhub.audit.models
import evalhub.calibration.models
import evalhub.datasets.models
import evalhub.export.models
import evalhub.inbox.models
import evalhub.jobs.models
import evalhub.projects.models
import evalhub.reports.models
import evalhub.review.models
import evalhub.rubrics.models
import evalhub.training.models  # noqa: F401 -- each import fills the metadata
from evalhub.db import Base, Database
from evalhub.errors import CannotStart


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    if kind == "type" and type(item).__module__ == "evalhub.db":
        autogen_context.imports.add("from evalhub.db import CanonicalJson, UtcTime")
        return f"{type(item).__name__}()"
    return False


@contextmanager
def _tables_made_anew(connection: Connection) -> Iterator[None]:
    """Let SQLite change a column by rebuilding its table, which drops the old one under what points to it."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise CannotStart(f"the migration would leave rows of {broken[0]} that point nowhere")


def run() -> None:
    database: Database = context.config.attributes["database"]
    with database.writer.connect() as connection, _tables_made_anew(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=database.is_sqlite,
            render_item=render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            _check_references(connection)
        connection.commit()


run()
