"""Take an item out of every project that grades it, and put it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.datasets.models import Item
from evalhub.datasets.service.revisions import locked_item, mark_restored, mark_withdrawn
from evalhub.db import locked, now
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Batch, BatchState, Project
from evalhub.review.models import LEARNING, REPLACED, SKIPPED_TWICE, WITHDRAWN, Purpose, Task
from evalhub.review.service.holding import hold_task, let_go
from evalhub.review.service.patterns import PatternWatch, level_counts
from evalhub.review.service.release import Freed, release

OF_TRAINING = (*LEARNING, Purpose.GOLD)
"""A reviewer's own trials: what is begun is ended as it was begun, and nothing new is drawn from a withdrawn item."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What an act did: `n_tasks` changed, `n_leases` of people at work ended."""

    n_tasks: int
    n_leases: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """The locked tasks of an item in one project, with their locked partners by id."""

    project: Project
    tasks: list[Task]
    by_id: dict[int, Task]

    def partner_of(self, task: Task) -> Task | None:
        return None if task.partner_id is None else self.by_id[task.partner_id]


def withdraw_item(session: Session, dataset_id: int, item_id: str, *, reason: str, by: Account | None) -> Moved:
    """Hold the item's tasks in every project and have its ratings count nowhere; its history stays.

    Who is at it keeps their draft. Open cases of it are set aside.

    Raises:
        NotFound: the dataset shows no such item.
        Conflict: it was withdrawn already, or is just being handed out.
    """
    item = locked_item(session, dataset_id, item_id)
    places = locked_places(session, item)
    watches = list(watches_of(session, places))
    mark_withdrawn(session, item, reason=reason, by=by, at=now(session))
    for watch in watches:
        watch.record()
    n_leases = sum(hold_place(session, place, reason=f"{WITHDRAWN}{reason}", by=by) for place in places)
    return Moved(sum(len(place.tasks) for place in places), n_leases)


def restore_item(session: Session, dataset_id: int, item_id: str, *, reason: str, by: Account | None) -> Moved:
    """End what `withdraw_item` did: ratings count again, free slots return to the end of their queues, cases open.

    Raises:
        NotFound: the dataset shows no such item.
        Conflict: it is not withdrawn, or is just being handed out.
    """
    item = locked_item(session, dataset_id, item_id)
    places = locked_places(session, item)
    watches = list(watches_of(session, places))
    mark_restored(session, item, reason=reason, by=by, at=now(session))
    for watch in watches:
        watch.record()
    for place in places:
        tell_changed(session, place)
        freed = Freed()
        for task in place.tasks:
            if task.held and (task.held_reason or "").startswith(WITHDRAWN):
                let_go(session, task, freed)
                _record(session, place.project, task, "task.restored", by)
        release(session, freed)
    return Moved(sum(len(place.tasks) for place in places))


def put_back(session: Session, project_id: int, task: str, *, by: Account | None) -> None:
    """Hand a task out again that was skipped twice as unreadable or unsafe.

    Raises:
        NotFound: the project has no such task.
        Conflict: it is held for another reason, or not at all (`not_held`), or its item is withdrawn (`withdrawn`).
    """
    this = sa.select(Task).where(Task.project_id == project_id, Task.public_id == task)
    found = session.scalar(locked(this).execution_options(populate_existing=True))
    if found is None:
        raise NotFound("The project has no such item.")
    if not found.held or found.held_reason != SKIPPED_TWICE:
        raise Conflict("This item is not in the list any more; nothing was changed.", code="not_held")
    if session.get_one(Item, (found.dataset_id, found.item_id)).withdrawn_at is not None:
        raise Conflict("This item is withdrawn; restore it first.", code="withdrawn")
    freed = Freed()
    let_go(session, found, freed)
    release(session, freed)
    _record(session, session.get_one(Project, project_id), found, "task.put_back", by)


def locked_places(session: Session, item: Item) -> list[Place]:
    """The tasks of an item but those of training, project by project, behind the locks of the projects.

    Raises:
        Conflict: a batch with the item is just being filled (`batch_filling`).
    """
    on_dataset = sa.select(Project).where(Project.dataset_id == item.dataset_id).order_by(Project.id)
    projects = session.scalars(locked(on_dataset).execution_options(populate_existing=True)).all()
    ids = [project.id for project in projects]
    filling = sa.exists().where(
        Batch.project_id.in_(ids), Batch.import_id == item.import_id, Batch.state == BatchState.FILLING
    )
    if session.scalar(sa.select(filling)):
        raise Conflict("The item is just being handed out; try again in a moment.", code="batch_filling")
    return [_place(session, project, item) for project in projects]


def _place(session: Session, project: Project, item: Item) -> Place:
    of_item = sa.and_(
        Task.project_id == project.id,
        Task.dataset_id == item.dataset_id,
        Task.item_id == item.id,
        Task.purpose.not_in(OF_TRAINING),
    )
    wanted = {place for row in session.execute(sa.select(Task.id, Task.partner_id).where(of_item)) for place in row}
    in_order = sa.select(Task).where(Task.project_id == project.id, Task.id.in_(wanted - {None})).order_by(Task.id)
    by_id = {task.id: task for task in session.scalars(locked(in_order).execution_options(populate_existing=True))}
    return Place(project, [task for task in by_id.values() if task.item_id == item.id], by_id)


def watches_of(session: Session, places: list[Place]) -> Iterator[PatternWatch]:
    for place in places:
        for task in place.tasks:
            yield PatternWatch(session, task, level_counts(session, task.rubric_version_id))


def hold_place(session: Session, place: Place, *, reason: str, by: Account | None) -> int:
    """Hold the tasks of one project; how many leases ended. One that is held already is so for its own reason still,
    unless another takes its place."""
    freed, n_leases = Freed(), 0
    for task in place.tasks:
        if task.held and reason != REPLACED:
            continue
        ended = hold_task(session, task, place.partner_of(task), freed, reason=reason)
        _record(session, place.project, task, "task.withdrawn", by, leases_ended=ended)
        n_leases += ended
    tell_changed(session, place)
    release(session, freed)
    return n_leases


def tell_changed(session: Session, place: Place) -> None:
    """Send that other ratings of the tasks count than before."""
    if place.tasks:
        task_ids = [task.id for task in place.tasks]
        events.standing_changed.send(session, project_id=place.project.id, task_ids=task_ids)


def _record(session: Session, project: Project, task: Task, action: str, by: Account | None, **figures: int) -> None:
    record(
        session,
        action=action,
        subject=("task", task.public_id),
        actor=by.public_id if by else "",
        at=now(session),
        chain=project.public_id,
        payload=figures or None,
    )
