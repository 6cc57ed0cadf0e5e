"""Alembic's entry: runs the migrations on the database that evalhub hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

import evalhub.accounts.models
import evalhub.adjudication.models
import evalhub.audit.models
import evalhub.datasets.models
import evalhub.export.models
import evalhub.jobs.models
import evalhub.projects.models
import evalhub.review.models
import evalhub.rubrics.models  # noqa: F401 -- each import fills the metadata
from evalhub.db import Base, Database


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    if kind == "type" and type(item).__module__ == "evalhub.db":
        autogen_context.imports.add("from evalhub.db import CanonicalJson, UtcTime")
        return f"{type(item).__name__}()"
    return False


def run() -> None:
    database: Database = context.config.attributes["database"]
    with database.writer.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=database.is_sqlite,
            render_item=render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
