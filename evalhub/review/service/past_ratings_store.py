"""Write checked past ratings, some hundred tasks at a time, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.datasets.models import ItemImport
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.ratings import RatingRow
from evalhub.datasets.service.inserting import insert_rows, refresh_statistics
from evalhub.db import locked, new_public_id
from evalhub.errors import Conflict, Fault
from evalhub.projects.models import Batch, Project
from evalhub.review.models import (
    Assignment,
    AssignmentState,
    Purpose,
    Rating,
    Review,
    Task,
)
from evalhub.review.schema import lowest_bit
from evalhub.review.service.past_reviewers import source_reviewers
from evalhub.review.service.patterns import (
    Counted,
    changes_between,
    counted_ratings,
    level_counts,
    record_changes,
)
from evalhub.review.service.ratings import criterion_ids

_UNDONE = (
    sa.select(Batch.id).join(ItemImport, ItemImport.id == Batch.import_id).where(ItemImport.undone_at.is_not(None))
)
"""Batches of imports that were undone, whose tasks are about to go."""
PLACE = ("project_id", "task_id", "reviewer_id", "criterion_id")


class PastRating(NamedTuple):
    """A checked rating and its task."""

    task_id: int
    row: RatingRow


@dataclass(frozen=True, slots=True)
class StoredRatings:
    """What is known before the transaction about a file of ratings that is to be stored."""

    project_id: int
    rubric_version_id: int
    source: str
    sha256: str
    actor_id: int | None
    at: datetime
    """When ratings without a time were given."""
    accounts: Mapping[str, int]
    """Accounts of members that stand for reviewers of the file."""
    is_model: Mapping[str, bool]


class Stored(NamedTuple):
    added: int
    unchanged: int


@dataclass(slots=True)
class _Writer:
    """The state of one import inside its transaction."""

    session: Session
    work: StoredRatings
    reviewers: Mapping[str, int]
    criteria: Mapping[str, int]
    n_levels: Mapping[int, int]
    faults: FileFaults
    added: int = 0
    unchanged: int = 0
    tasks: int = 0


def store_ratings(session: Session, work: StoredRatings, chunks: Iterable[list[PastRating]]) -> Stored:
    """Store the ratings, close the slots that they fill, and tell the later stages.

    Args:
        chunks: the ratings of whole tasks, by ascending task id.

    Raises:
        BadInput: code content_changed, naming every line that gives another answer than the one stored.
        Conflict: the project took another rubric version since the file was checked.
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == work.project_id))).one()
    if project.rubric_version_id != work.rubric_version_id:
        raise Conflict("The project took another rubric version meanwhile; import the ratings again.")
    writer = _Writer(
        session,
        work,
        source_reviewers(session, work.project_id, work.is_model, work.accounts, work.at),
        criterion_ids(session, work.rubric_version_id),
        level_counts(session, work.rubric_version_id),
        FileFaults(work.source),
    )
    for chunk in chunks:
        _store_chunk(writer, chunk)
    writer.faults.raise_if_any()
    if writer.added:
        refresh_statistics(session, "assignment", "review", "rating")
        _tell(session, project, writer)
    return Stored(writer.added, writer.unchanged)


def _tell(session: Session, project: Project, writer: _Writer) -> None:
    work = writer.work
    actor = None
    if work.actor_id is not None:
        actor = session.scalar(sa.select(Account.public_id).where(Account.id == work.actor_id))
    record(
        session,
        action="ratings.imported",
        subject=("project", project.public_id),
        actor=actor or "",
        at=work.at,
        chain=project.public_id,
        payload={
            "added": writer.added,
            "reviewers": len(writer.reviewers),
            "sha256": work.sha256,
            "tasks": writer.tasks,
            "unchanged": writer.unchanged,
        },
    )
    session.expire_all()
    events.ratings_imported.send(session, project_id=project.id)


def _store_chunk(writer: _Writer, chunk: list[PastRating]) -> None:
    """Store those ratings of some tasks that are not there yet."""
    session, project_id = writer.session, writer.work.project_id
    task_ids = sorted({rating.task_id for rating in chunk})
    tasks = session.scalars(
        locked(
            sa.select(Task)
            .where(Task.project_id == project_id, Task.id.in_(task_ids), Task.batch_id.not_in(_UNDONE))
            .order_by(Task.id)
        )
    ).all()
    if len(tasks) < len(task_ids):
        raise Conflict("Items of the file were taken out of the project meanwhile; import the ratings again.")
    assignments = _assignments(session, project_id, task_ids)
    fresh = _fresh(writer, chunk, assignments)
    if not fresh:
        return
    before = counted_ratings(session, project_id, task_ids)
    _insert_assignments(writer, fresh, assignments, {task.id: task for task in tasks})
    _insert_ratings(writer, fresh)
    _count(writer, fresh, before)
    writer.added += len(fresh)
    writer.tasks += len({rating.task_id for rating in fresh})


def _assignments(session: Session, project_id: int, task_ids: list[int]) -> dict[tuple[int, int], AssignmentState]:
    rows = session.execute(
        sa.select(Assignment.task_id, Assignment.reviewer_id, Assignment.state).where(
            Assignment.project_id == project_id, Assignment.task_id.in_(task_ids)
        )
    )
    return {(task_id, reviewer_id): state for task_id, reviewer_id, state in rows}


def _fresh(
    writer: _Writer, chunk: list[PastRating], assignments: Mapping[tuple[int, int], AssignmentState]
) -> list[PastRating]:
    """The ratings that are not stored yet; those that contradict what is stored become faults."""
    if not assignments:
        return chunk
    fresh = []
    stored = _stored_answers(writer, sorted({rating.task_id for rating in chunk}))
    for rating in chunk:
        row, reviewer_id = rating.row, writer.reviewers[rating.row.reviewer]
        state = assignments.get((rating.task_id, reviewer_id))
        answer = stored.get((rating.task_id, reviewer_id, writer.criteria[row.criterion]))
        if state not in (None, AssignmentState.IMPORTED, AssignmentState.MODEL):
            message = f"{row.reviewer} holds or has graded this item here; leave these ratings out"
            writer.faults.add(row.line, [Fault("content_changed", message, "reviewer", row.line)])
        elif answer is None:
            fresh.append(rating)
        elif answer == (row.rank, row.value, row.not_applicable):
            writer.unchanged += 1
        else:
            message = f"{row.reviewer} has another rating of {row.item_id} on {row.criterion} here; it is not replaced"
            writer.faults.add(row.line, [Fault("content_changed", message, "level", row.line)])
    return fresh


def _stored_answers(
    writer: _Writer, task_ids: list[int]
) -> dict[tuple[int, int, int], tuple[int | None, float | None, bool]]:
    rows = writer.session.execute(
        sa.select(
            Rating.task_id, Rating.reviewer_id, Rating.criterion_id, Rating.level, Rating.value, Rating.not_applicable
        ).where(Rating.project_id == writer.work.project_id, Rating.task_id.in_(task_ids))
    )
    return {(row[0], row[1], row[2]): (row[3], row[4], row[5]) for row in rows}


def _insert_assignments(
    writer: _Writer,
    fresh: list[PastRating],
    known: Mapping[tuple[int, int], AssignmentState],
    tasks: Mapping[int, Task],
) -> None:
    """An assignment and a review for each new pair of task and reviewer."""
    grouped: dict[tuple[int, str], list[RatingRow]] = {}
    for rating in fresh:
        grouped.setdefault((rating.task_id, rating.row.reviewer), []).append(rating.row)
    assignments: list[dict[str, Any]] = []
    reviews: list[dict[str, Any]] = []
    for (task_id, name), rows in grouped.items():
        reviewer_id = writer.reviewers[name]
        if (task_id, reviewer_id) in known:
            continue
        is_model = writer.work.is_model[name]
        slot = None if is_model else _slot_taken(tasks[task_id])
        assignment, review = _assigned(writer.work, task_id, reviewer_id, rows)
        assignments.append(
            assignment | {"slot": slot, "state": AssignmentState.MODEL if is_model else AssignmentState.IMPORTED}
        )
        reviews.append(review)
    if assignments:
        writer.session.execute(sa.insert(Assignment), assignments)
        writer.session.execute(sa.insert(Review), reviews)


def _assigned(
    work: StoredRatings, task_id: int, reviewer_id: int, rows: list[RatingRow]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of an assignment and its review."""
    key = {"project_id": work.project_id, "task_id": task_id, "reviewer_id": reviewer_id, "revision": 1}
    given_at = max((datetime.fromisoformat(row.submitted_at) for row in rows if row.submitted_at), default=work.at)
    seconds = max((row.seconds for row in rows if row.seconds is not None), default=None)
    times = {"submitted_at": given_at, "active_seconds": seconds or 0.0}
    assignment = key | times | {"public_id": new_public_id()}
    review = key | {
        "submitted_at": given_at,
        "active_seconds": seconds,
        "public_id": new_public_id(),
        "note": "",
        "idempotency_key": f"import:{task_id}",
        "request_sha256": work.sha256,
    }
    return assignment, review


def _slot_taken(task: Task) -> int | None:
    """The lowest free slot of a locked task, taken; None when all are, for it may have more ratings than planned."""
    if not task.free_slots:
        return None
    slot = lowest_bit(task.free_slots)
    task.free_slots &= ~(1 << slot)
    task.is_open = task.free_slots != 0 and not task.held
    return slot


def _insert_ratings(writer: _Writer, fresh: list[PastRating]) -> None:
    work = writer.work
    ratings: list[tuple[Any, ...]] = []
    notes: list[tuple[Any, ...]] = []
    tags: list[tuple[Any, ...]] = []
    for task_id, row in fresh:
        place = (work.project_id, task_id, writer.reviewers[row.reviewer], writer.criteria[row.criterion])
        ratings.append((*place, row.rank, row.value, row.not_applicable, not row.is_model))
        if row.note:
            notes.append((*place, row.note))
        tags += [(*place, tag) for tag in row.tags]
    insert_rows(writer.session, "rating", (*PLACE, "level", "value", "not_applicable", "planned"), ratings)
    insert_rows(writer.session, "rating_note", (*PLACE, "text"), notes)
    insert_rows(writer.session, "rating_tag", (*PLACE, "tag"), tags)


def _count(writer: _Writer, fresh: list[PastRating], before: Mapping[int, Counted]) -> None:
    """Record how the tasks' patterns changed; a model's ratings are in none."""
    added: dict[int, Counted] = {}
    for task_id, row in fresh:
        if row.rank is not None and not row.is_model:
            by_reviewer = added.setdefault(task_id, {}).setdefault(writer.criteria[row.criterion], {})
            by_reviewer[writer.reviewers[row.reviewer]] = row.rank
    changes: Counter[Any] = Counter()
    for task_id, new in added.items():
        old = before.get(task_id, {})
        after = {key: {**old.get(key, {}), **new.get(key, {})} for key in old.keys() | new.keys()}
        for key, n in changes_between(Purpose.LIVE.value, old, after, writer.n_levels).items():
            changes[key] += n
    record_changes(writer.session, writer.work.project_id, Counter({key: n for key, n in changes.items() if n}))
