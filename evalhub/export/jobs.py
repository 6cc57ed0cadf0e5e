"""Exports in the background, and the end of their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalhub.db import Database
from evalhub.errors import NotFound
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.background import drop_old_files, kept_for, make_and_keep
from evalhub.jobs.running import JobRun
from evalhub.web.context import utc_now


def make(database: Database, run: JobRun) -> Mapping[str, Any]:
    """Make an export and keep its file; made twice, it is recorded twice, as it was indeed."""
    if run.project_id is None:
        raise NotFound
    now = utc_now()
    name = make_and_keep(
        database,
        run.project_id,
        Options.model_validate(run.arguments["options"]),
        Shape(run.arguments["shape"]),
        folder=Path(run.arguments["folder"]),
        kept_until=kept_for(run.arguments["days"], now),
        by_id=run.by_id,
        now=now,
        tell=lambda n_items: run.progress(n_items, None, f"{n_items:,} items written"),
    )
    return {"path": f"/projects/{name}/exports"}


def drop_old(database: Database) -> None:
    """Drop the files that were kept long enough."""
    drop_old_files(database, utc_now())
