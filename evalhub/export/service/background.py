"""Exports made in the background, whose files are kept for a while in the instance's folder."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import Database
from evalhub.export.models import Export
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.download import ENDINGS, Download, make_download
from evalhub.export.service.recording import Tell
from evalhub.jobs.models import Job
from evalhub.jobs.service import enqueue
from evalhub.projects.models import Project
from evalhub.web.session import reading, write

EXPORT = "export"
FOLDER = "exports"


def request_export(
    session: Session,
    project_id: int,
    options: Options,
    shape: Shape,
    *,
    instance: Path,
    days: int,
    by_id: int | None,
) -> Job:
    """Have an export made in the background; the job that makes the same already is answered again.

    Args:
        instance: the instance's folder, below which the file will lie.
        days: how long it is kept.
    """
    arguments = {"folder": str(instance / FOLDER), "days": days, "shape": shape, "options": options.as_document()}
    return enqueue(session, EXPORT, arguments, project_id=project_id, by_id=by_id)


def make_and_keep(
    database: Database,
    project_id: int,
    options: Options,
    shape: Shape,
    *,
    folder: Path,
    kept_until: datetime,
    by_id: int | None,
    now: datetime,
    tell: Tell,
) -> str:
    """Make an export, record it, and keep its file, readable by this program's user alone.

    Returns:
        The project's name.
    """
    with reading(database) as session:
        name = session.get_one(Project, project_id).name
    made = make_download(database, project_id, options, shape, name=name, by_id=by_id, now=now, tell=tell)
    path = folder / f"{made.export}.{ENDINGS[shape]}"
    _store(made, path)
    kept = {"path": str(path), "n_bytes": made.n_bytes, "kept_until": kept_until}
    write(partial(_note, public_id=made.export, values=kept), on=database)
    return name


def drop_old_files(database: Database, now: datetime) -> None:
    """Remove the files of exports whose time is over; that they were made stays known."""
    with reading(database) as session:
        is_over = (Export.path.is_not(None), Export.kept_until <= now)
        over = session.scalars(sa.select(Export).where(*is_over)).all()
    for export in over:
        assert export.path is not None
        Path(export.path).unlink(missing_ok=True)
        write(partial(_note, public_id=export.public_id, values={"path": None}), on=database)


def kept_for(days: int, now: datetime) -> datetime:
    return now + timedelta(days=days)


def _store(made: Download, path: Path) -> None:
    """The file appears whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for chunk in made.chunks():
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _note(session: Session, public_id: str, values: dict[str, object]) -> None:
    session.execute(sa.update(Export).where(Export.public_id == public_id).values(values))
