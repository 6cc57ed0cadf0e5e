"""Import past ratings: check the whole file first, then store it in one transaction.

Ratings have no state in which no figure would see them, so all or nothing means one transaction. It is kept short:
everything is parsed, resolved and sorted by task beforehand, and what is left are bulk inserts (67,860 ratings in a few
seconds). On SQLite submissions wait for that long, on PostgreSQL only those to the same tasks. Larger histories are
better split into files.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.datasets.schema.duplicates import Seen
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.mapping import FieldMap
from evalhub.datasets.schema.ratings import RatingRow, read_ratings
from evalhub.datasets.schema.spool import DigestingReader, Spool
from evalhub.datasets.service import Progress
from evalhub.db import Database, now
from evalhub.errors import BadInput, Fault
from evalhub.projects.models import Project
from evalhub.review.models import Purpose, Task
from evalhub.review.service.past_ratings_store import PastRating, StoredRatings, store_ratings
from evalhub.review.service.past_reviewers import mapped_accounts
from evalhub.review.service.tasks import fill_leftovers
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import Rubric
from evalhub.web.session import write

TASKS_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class RatingsResult:
    """What an import of past ratings did, or would do."""

    added: int
    unchanged: int
    items: int
    reviewers: int
    sha256: str


class Onlooker(Protocol):
    """Sees everything that a check meets, however much it is."""

    def fault(self, fault: Fault) -> None: ...

    def seen(self, row: RatingRow) -> RatingRow:
        """Returns the row as it is."""


class _Target(NamedTuple):
    """What the file is checked against; fixed before, and looked at again in the transaction."""

    project_id: int
    dataset_id: int
    rubric_version_id: int
    rubric: Rubric


class _Place(NamedTuple):
    """The task of an item and the tags that decide which criteria apply."""

    task_id: int
    tags: list[str]


@dataclass(slots=True)
class _Resolved:
    """The spooled rows with the task of each; `is_model` by the reviewer's name in the file."""

    tasks: array[int] = field(default_factory=lambda: array("q"))
    is_model: dict[str, bool] = field(default_factory=dict)


def import_ratings(
    database: Database,
    stream: BinaryIO,
    *,
    project_id: int,
    source_name: str,
    actor_id: int | None,
    reviewer_map: Mapping[str, str] | None = None,
    field_map: FieldMap | None = None,
    is_csv: bool = False,
    check_only: bool = False,
    at: datetime | None = None,
    progress: Progress | None = None,
    onlooker: Onlooker | None = None,
) -> RatingsResult:
    """Add the ratings of a file to the tasks of a project.

    A reviewer of the file becomes an imported account of the project, or is the member whose sign-in name the map
    gives. A rating that is there already counts as unchanged.

    Args:
        at: when ratings without a time were given; now by default.

    Raises:
        BadInput: with every bad line, items that the project has not among them; or (content_changed) lines that give
            another answer than the one stored.
        Conflict: the project took another rubric version meanwhile.
    """
    fill_leftovers(database)
    with database.reading() as session:
        target = _target(session, project_id)
        moment = at or now(session)
    reader = DigestingReader(stream, progress and (lambda done: progress("check", done, None)))
    faults = FileFaults(source_name, onlooker.fault if onlooker else None)
    with Spool() as spool:
        rows = read_ratings(reader.buffered(), faults, target.rubric, field_map=field_map, is_csv=is_csv)
        _write_to(spool, map(onlooker.seen, rows) if onlooker else rows, faults)
        resolved = _resolve(database, spool, target, faults)
        with database.reading() as session:
            accounts = mapped_accounts(session, project_id, reviewer_map or {}, resolved.is_model)
        faults.raise_if_any()
        if check_only:
            return RatingsResult(spool.rows, 0, len(set(resolved.tasks)), len(resolved.is_model), reader.sha256)
        order = np.argsort(np.frombuffer(resolved.tasks, dtype=np.int64), kind="stable")
        work = StoredRatings(
            project_id=project_id,
            rubric_version_id=target.rubric_version_id,
            source=source_name,
            sha256=reader.sha256,
            actor_id=actor_id,
            at=moment,
            accounts=accounts,
            is_model=resolved.is_model,
        )
        added, unchanged = write(
            lambda session: store_ratings(session, work, _by_task(spool, resolved.tasks, order, progress)), on=database
        )
    return RatingsResult(added, unchanged, len(set(resolved.tasks)), len(resolved.is_model), reader.sha256)


def _target(session: Session, project_id: int) -> _Target:
    project = session.get_one(Project, project_id)
    version = session.get_one(RubricVersion, project.rubric_version_id)
    return _Target(project.id, project.dataset_id, version.id, rubric_of(version))


def _write_to(spool: Spool, rows: Iterator[RatingRow], faults: FileFaults) -> None:
    """Write the good rows to the spool; a rating given twice is a fault that names both lines."""
    seen = Seen()
    for row in rows:
        seen.add(row.key)
        spool.write(row)
    for twice in seen.doubled((row.line, row.key) for row in map(RatingRow._make, spool)):
        message = f"{_in_words(twice.key)} here and on line {twice.first_line}; keep one"
        faults.add(twice.line, [Fault("duplicate_rating", message, line=twice.line)])
    if not spool.rows and not faults:
        raise BadInput(f"{faults.source}: the file has a header and no rows; there is nothing to import", code="empty")


def _in_words(key: tuple[str, str, str]) -> str:
    item_id, criterion, reviewer = key
    return f"{reviewer} rates {item_id} on {criterion}"


def _resolve(database: Database, spool: Spool, target: _Target, faults: FileFaults) -> _Resolved:
    """Find the task of each row; what does not fit the project is a fault."""
    resolved = _Resolved()
    criteria = {criterion.key: criterion for criterion in target.rubric.criteria}
    for batch in spool.batches():
        rows = [RatingRow._make(row) for row in batch]
        with database.reading() as session:
            places = _places(session, target, {row.item_id for row in rows})
        for row in rows:
            place = places.get(row.item_id)
            resolved.tasks.append(place.task_id if place else 0)
            kind = resolved.is_model.setdefault(row.reviewer, row.is_model)
            if place is None:
                message = f'the project has no item "{row.item_id}"; import the item first'
                faults.add(row.line, [Fault("unknown_item", message, "item_id", row.line)])
            elif not criteria[row.criterion].applies(place.tags):
                message = f'{row.criterion} does not apply to "{row.item_id}", which has none of its tags; leave it out'
                faults.add(row.line, [Fault("schema", message, "criterion", row.line)])
            elif kind is not row.is_model:
                message = f"{row.reviewer} is a model on one line and a person on another; give each its own name"
                faults.add(row.line, [Fault("schema", message, "kind", row.line)])
    return resolved


def _places(session: Session, target: _Target, item_ids: Collection[str]) -> dict[str, _Place]:
    rows = session.execute(
        sa.select(Item.external_id, Task.id, Item.tags)
        .join(Task, sa.and_(Task.dataset_id == Item.dataset_id, Task.item_id == Item.id))
        .where(
            Item.dataset_id == target.dataset_id,
            Item.external_id.in_(list(item_ids)),
            Task.project_id == target.project_id,
            Task.rubric_version_id == target.rubric_version_id,
            Task.purpose == Purpose.LIVE,
            Task.occasion == 1,
        )
        .order_by(Item.revision)
    )
    return {external_id: _Place(task_id, tags) for external_id, task_id, tags in rows}


def _by_task(
    spool: Spool, tasks: array[int], order: np.ndarray[tuple[int], np.dtype[np.int64]], progress: Progress | None
) -> Iterator[list[PastRating]]:
    """The rows in order of task, whole tasks, 250 of them at a time."""
    chunk: list[PastRating] = []
    in_chunk = 0
    last = 0
    places = order.tolist()
    for done, (place, row) in enumerate(zip(places, spool.in_order(places), strict=True)):
        task_id = tasks[place]
        if task_id != last:
            if in_chunk == TASKS_AT_ONCE:
                yield chunk
                chunk, in_chunk = [], 0
                if progress is not None:
                    progress("store", done, len(places))
            in_chunk += 1
            last = task_id
        chunk.append(PastRating(task_id, RatingRow._make(row)))
    if chunk:
        yield chunk
    if progress is not None:
        progress("store", len(places), len(places))
