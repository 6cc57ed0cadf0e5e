"""Which items an export is about, in the order of their ids."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from pathlib import PurePath
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item, ItemImport
from evalhub.datasets.queries import current_items
from evalhub.projects.models import Batch, BatchState, Project
from evalhub.review.models import COUNTED_PURPOSES, Purpose, Task
from evalhub.rubrics.models import Criterion, RubricVersion

AT_ONCE = 500


class Candidate(NamedTuple):
    """A task whose ratings count, with what filters ask of its item."""

    task_id: int
    item_id: int
    model: str | None
    tags: list[str]
    batch: str
    imported_at: datetime | None
    rubric_version_id: int
    purpose: Purpose
    criteria: list[str] | None


def begin_snapshot(session: Session) -> None:
    """Have all reads of this session see one state; must come before any of them."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def candidates(session: Session, project: Project, item_id: int | None = None) -> Iterator[list[list[Candidate]]]:
    """The tasks of each item that is not withdrawn, some hundred items at a time, by the code points of their ids.

    The live task of an item comes first.

    Args:
        item_id: the only item that is asked for; all where it is None.
    """
    only = [] if item_id is None else [Item.id == item_id]
    rows = session.execute(
        _tasks(project, Item.withdrawn_at.is_(None), *only)
        .order_by(by_code_point(session, Item.external_id), Task.purpose != Purpose.LIVE, Task.id)
        .execution_options(yield_per=AT_ONCE)
    )
    by_item = groupby((Candidate(*row) for row in rows), key=attrgetter("item_id"))
    tasks = (list(of_item) for _, of_item in by_item)
    while part := list(islice(tasks, AT_ONCE)):
        yield part


def tasks_of_items(session: Session, project: Project, item_ids: Collection[int]) -> dict[int, list[Candidate]]:
    """The tasks of some items by item, the live one first; none of an item that an export leaves out for good."""
    rows = session.execute(
        _tasks(project, Item.withdrawn_at.is_(None), Item.id.in_(item_ids)).order_by(
            Task.purpose != Purpose.LIVE, Task.id
        )
    )
    found: dict[int, list[Candidate]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(Candidate(*row))
    return found


def n_withdrawn(session: Session, project: Project) -> int:
    """How many items an export leaves out for good; each counts once, however many tasks ask for it."""
    withdrawn = _tasks(project, Item.withdrawn_at.is_not(None)).with_only_columns(Task.item_id).distinct()
    return session.scalar(sa.select(sa.func.count()).select_from(withdrawn.subquery())) or 0


def _tasks(project: Project, *wanted: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """The tasks of items like these; of them alone it is looked up which revision is the last one."""
    current = current_items(project.dataset_id).with_only_columns(Item.id).where(*wanted)
    return (
        sa.select(
            Task.id,
            Task.item_id,
            Item.model,
            Item.tags,
            Batch.name,
            ItemImport.completed_at,
            Task.rubric_version_id,
            Task.purpose,
            Task.criteria,
        )
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(ItemImport, ItemImport.id == Item.import_id)
        .join(Batch, Batch.id == Task.batch_id)
        .join(RubricVersion, RubricVersion.id == Task.rubric_version_id)
        .where(
            Task.project_id == project.id,
            Task.purpose.in_(COUNTED_PURPOSES),
            Batch.state != BatchState.FILLING,
            Item.id.in_(current),
            *wanted,
        )
    )


def by_code_point(session: Session, column: sa.ColumnElement[Any] | Any) -> sa.ColumnElement[Any]:
    """The order of the bytes; PostgreSQL's own would follow a language."""
    text = sa.cast(column, sa.Text)
    return sa.collate(text, "C") if session.get_bind().dialect.name == "postgresql" else text


def batch_names(session: Session, project_id: int) -> set[str]:
    """Names of the batches that can be exported; what a calibration round was graded is in none."""
    of_imports = (Batch.project_id == project_id, Batch.import_id.is_not(None))
    return set(session.scalars(sa.select(Batch.name).where(*of_imports)))


def versions_in_use(session: Session, project: Project) -> list[int]:
    """Ids of the rubric versions that tasks whose ratings count are graded by, with the current one."""
    counted = (Task.project_id == project.id, Task.purpose.in_(COUNTED_PURPOSES))
    used = session.scalars(sa.select(Task.rubric_version_id).where(*counted).distinct())
    return sorted({project.rubric_version_id, *used})


def version_numbers(session: Session, version_ids: Collection[int]) -> dict[int, int]:
    """Number of the version by the id of each of its criteria."""
    rows = session.execute(
        sa.select(Criterion.id, RubricVersion.number)
        .join(RubricVersion, RubricVersion.id == Criterion.rubric_version_id)
        .where(RubricVersion.id.in_(version_ids))
    )
    return dict(rows.all())


def criteria_in_use(session: Session, project: Project) -> list[str]:
    """Keys of the criteria that tasks of the project were graded on."""
    keys = sa.select(Criterion.key).where(Criterion.rubric_version_id.in_(versions_in_use(session, project)))
    return sorted(set(session.scalars(keys)))


def sources_of(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Name and sha256 of the imported files of the project's batches; where they lay on a disk is nobody's business."""
    rows = session.execute(
        sa.select(ItemImport.source, ItemImport.sha256)
        .join(Batch, Batch.import_id == ItemImport.id)
        .where(Batch.project_id == project_id)
    )
    return sorted({(PurePath(file).name, sha256) for file, sha256 in rows})
