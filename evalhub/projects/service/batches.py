"""Open a batch for every import of a project's dataset."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.datasets.models import ImportState, ItemImport
from evalhub.db import now as database_now
from evalhub.projects.models import Batch, Project, ProjectState


def open_batches_for_import(session: Session, dataset_id: int, import_id: int) -> None:
    """A batch in each open project on the dataset (handler of `dataset_imported`)."""
    item_import = session.get_one(ItemImport, import_id)
    if item_import.n_items == 0:
        return
    projects = session.scalars(
        sa.select(Project)
        .where(Project.dataset_id == dataset_id, Project.state == ProjectState.OPEN)
        .order_by(Project.id)
    )
    for project in projects.all():
        _open_batch(session, project, item_import, database_now(session))


def open_missing_batches(session: Session, project: Project, now: datetime) -> None:
    """A batch for every complete import of the dataset that has none yet."""
    with_a_batch = sa.select(Batch.import_id).where(Batch.project_id == project.id, Batch.import_id.is_not(None))
    imports = session.scalars(
        sa.select(ItemImport)
        .where(
            ItemImport.dataset_id == project.dataset_id,
            ItemImport.state == ImportState.COMPLETE,
            ItemImport.n_items > 0,
            ItemImport.id.not_in(with_a_batch),
        )
        .order_by(ItemImport.id)
    )
    for item_import in imports.all():
        _open_batch(session, project, item_import, now)


def _open_batch(session: Session, project: Project, item_import: ItemImport, now: datetime) -> None:
    name = item_import.source or f"import {item_import.id}"
    batch = Batch(project_id=project.id, import_id=item_import.id, name=name, created_at=now)
    session.add(batch)
    session.flush()
    events.batch_opened.send(session, project_id=project.id, batch_id=batch.id)
