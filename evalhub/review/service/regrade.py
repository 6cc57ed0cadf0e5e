"""Ask of graded items what another version of the rubric asks and the one that they were graded on did not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import Database, canonical_json, locked, new_public_id, now
from evalhub.projects.models import Batch, Project
from evalhub.projects.schema import ordered
from evalhub.review.models import COUNTED_PURPOSES, Adoption, Assignment, AssignmentState, Purpose, Queue, Task
from evalhub.review.queries.unanswered import UNTOUCHED, Unanswered, unanswered
from evalhub.review.schema import Changed, bits_of, drawn
from evalhub.review.service.tasks import open_queues
from evalhub.rubrics.models import RubricVersion
from evalhub.web.session import write

CHUNK = 1000
PRIORITY = 1
"""Before items that nobody has begun: a flaw of the rubric is soonest known to be mended."""


def make_regrades(database: Database, adoption_id: int) -> int:
    """Give the items that an adoption chooses their tasks, and hand them out when all are there.

    The draw depends on the begun items and the project's seed alone, so going on chooses the same.

    Returns:
        How many items are regraded.
    """
    with database.reading() as session:
        adoption = session.get_one(Adoption, adoption_id)
        chosen = _chosen(session, adoption)
    if chosen:
        skills = sorted({one.skills for one in chosen})
        write(partial(_make_queues, adoption_id=adoption_id, skills=skills), on=database)
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        write(partial(_add_tasks, adoption_id=adoption_id, part=part), on=database)
    write(partial(_complete, adoption_id=adoption_id), on=database)
    return len(chosen)


def _chosen(session: Session, adoption: Adoption) -> list[Unanswered]:
    """In the order in which they are handed out."""
    if adoption.changed is Changed.KEEP or adoption.completed_at is not None:
        return []
    version = session.get_one(RubricVersion, adoption.to_version_id)
    found = {
        one.candidate.item_id: one
        for one in unanswered(session, adoption.project_id, version, besides=adoption.batch_id)
    }
    candidates = [one.candidate for one in found.values()]
    seed = (session.get_one(Project, adoption.project_id).seed + adoption.id) % 2**63
    if adoption.changed is Changed.SAMPLE:
        wanted = set(drawn(candidates, adoption.sample_size or 0, seed))
        candidates = [candidate for candidate in candidates if candidate.item_id in wanted]
    return [found[item_id] for item_id in ordered(candidates, "random", seed)]


def _make_queues(session: Session, *, adoption_id: int, skills: Sequence[str]) -> None:
    """The batch of an adoption with a hidden queue for each skill set."""
    adoption, project = _locked(session, adoption_id)
    if adoption.completed_at is not None or adoption.batch_id is not None:
        return
    number = session.get_one(RubricVersion, adoption.to_version_id).number
    batch = Batch(
        project_id=project.id,
        name=f"Regrade by version {number}",
        priority=PRIORITY,
        created_at=now(session),
        import_id=None,
    )
    session.add(batch)
    session.flush()
    session.add_all(
        Queue(project_id=project.id, batch_id=batch.id, skills=json.loads(text), priority=PRIORITY) for text in skills
    )
    adoption.batch_id = batch.id
    session.flush()


def _add_tasks(session: Session, *, adoption_id: int, part: Sequence[Unanswered]) -> None:
    adoption, project = _locked(session, adoption_id)
    if adoption.completed_at is not None:
        return
    of_project = (Task.project_id == project.id, Task.item_id.in_([one.candidate.item_id for one in part]))
    there = set(session.scalars(sa.select(Task.item_id).where(*of_project, Task.batch_id == adoption.batch_id)))
    new = [one for one in part if one.candidate.item_id not in there]
    if not new:
        return
    earlier = session.execute(
        sa.select(Task.item_id, sa.func.max(Task.occasion))
        .where(*of_project, Task.purpose == Purpose.REGRADE, Task.rubric_version_id == adoption.to_version_id)
        .group_by(Task.item_id)
    )
    occasions = dict(earlier.all())
    of_batch = session.scalars(sa.select(Queue).where(Queue.batch_id == adoption.batch_id))
    queues = {canonical_json(queue.skills): queue for queue in of_batch}
    first_id = project.last_task_id + 1
    project.last_task_id += len(new)
    rows = [
        _task(project, queues[one.skills], one)
        | {
            "id": first_id + place,
            "rubric_version_id": adoption.to_version_id,
            "occasion": occasions.get(one.candidate.item_id, 0) + 1,
        }
        for place, one in enumerate(new)
    ]
    session.flush()
    session.execute(sa.insert(Task), rows)
    _keep_from(session, project.id, {row["item_id"]: row["id"] for row in rows})


def _task(project: Project, queue: Queue, one: Unanswered) -> dict[str, Any]:
    """Most of a row; the queue is still hidden, and its last place is counted on here."""
    queue.last_ord += 1
    return {
        "project_id": project.id,
        "public_id": new_public_id(),
        "dataset_id": project.dataset_id,
        "item_id": one.candidate.item_id,
        "purpose": Purpose.REGRADE,
        "batch_id": queue.batch_id,
        "queue_id": queue.id,
        "ord": queue.last_ord,
        "need": one.need,
        "slots": one.need,
        "free_slots": bits_of(one.need),
        "held": False,
        "is_open": True,
        "criteria": list(one.keys),
    }


def _keep_from(session: Session, project_id: int, task_of: dict[int, int]) -> None:
    """Never hand a regrade to whoever the item itself is kept from, or who passed it on for good."""
    rows = session.execute(
        sa.select(Task.item_id, Assignment.reviewer_id)
        .join(Assignment, sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id))
        .where(
            Task.project_id == project_id,
            Task.item_id.in_(task_of),
            Task.purpose.in_(COUNTED_PURPOSES),
            Assignment.state.in_(UNTOUCHED),
        )
        .distinct()
    ).all()
    if rows:
        session.execute(
            sa.insert(Assignment),
            [
                {
                    "project_id": project_id,
                    "task_id": task_of[item_id],
                    "reviewer_id": reviewer_id,
                    "public_id": new_public_id(),
                    "state": AssignmentState.EXCLUDED,
                    "revision": 0,
                    "active_seconds": 0.0,
                }
                for item_id, reviewer_id in rows
            ],
        )


def _complete(session: Session, *, adoption_id: int) -> None:
    adoption, project = _locked(session, adoption_id)
    if adoption.completed_at is not None:
        return
    if adoption.batch_id is not None:
        open_queues(session, project_id=project.id, batch_id=adoption.batch_id)
    adoption.completed_at = now(session)
    session.flush()


def _locked(session: Session, adoption_id: int) -> tuple[Adoption, Project]:
    """The adoption as it is once its project is locked."""
    project_id = session.get_one(Adoption, adoption_id).project_id
    this_project = locked(sa.select(Project).where(Project.id == project_id))
    project = session.scalars(this_project.execution_options(populate_existing=True)).one()
    return session.get_one(Adoption, adoption_id, populate_existing=True), project
