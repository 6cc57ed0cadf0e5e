"""Put a further revision in the place of an item, and hand it out as the one before was to be."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.datasets.schema.items import ItemRow
from evalhub.datasets.service.revisions import add_revision, locked_item
from evalhub.db import new_public_id, now
from evalhub.projects.models import Batch, BatchState, Project, ProjectState
from evalhub.review.models import COUNTED_PURPOSES, REPLACED, Purpose, Queue, QueueState, Task
from evalhub.review.schema import bits_of
from evalhub.review.service.release import next_ord
from evalhub.review.service.tasks import refresh_eligibility
from evalhub.review.service.withdraw import Place, hold_place, locked_places, watches_of


@dataclass(frozen=True, slots=True)
class Replaced:
    """The revision that stands now; `n_tasks` were made for it. Equal content makes neither."""

    revision: int
    n_tasks: int
    is_new: bool


def replace_item(session: Session, dataset_id: int, row: ItemRow, *, reason: str, by: Account | None) -> Replaced:
    """Have the row stand in the place of the item with its id; what was graded of the one before counts no more.

    Each project that grades the item hands the new revision out to as many reviewers as the old one, those of the old
    one among them. A pair stays one where both answers still belong together. Also an item that was withdrawn comes
    back by this.

    Raises:
        NotFound: the dataset shows no such item.
        Conflict: it is just being handed out.
    """
    old = locked_item(session, dataset_id, row.external_id)
    if old.content_sha256 == row.content_sha256:
        return Replaced(old.revision, 0, is_new=False)
    places = locked_places(session, old)
    watches = list(watches_of(session, places))
    new = add_revision(session, old, row, reason=reason, by=by, at=now(session))
    for watch in watches:
        watch.record()
    n_tasks = 0
    for place in places:
        hold_place(session, place, reason=REPLACED, by=by)
        n_tasks += _succeed(session, place, new)
    events.item_replaced.send(session, dataset_id=dataset_id, item_id=old.id, by_id=by.id if by else None)
    return Replaced(new.revision, n_tasks, is_new=True)


def _succeed(session: Session, place: Place, new: Item) -> int:
    """Make the task of a new revision in a project that was to grade the one before; how many were made."""
    before = [task for task in place.tasks if task.purpose in COUNTED_PURPOSES]
    if not before:
        return 0
    old = before[0]
    queue = _queue_for(session, place.project, old.batch_id, sorted(new.skills))
    place.project.last_task_id += 1
    task = Task(
        project_id=place.project.id,
        id=place.project.last_task_id,
        public_id=new_public_id(),
        dataset_id=new.dataset_id,
        item_id=new.id,
        rubric_version_id=place.project.rubric_version_id,
        purpose=Purpose.LIVE,
        occasion=1,
        batch_id=old.batch_id,
        queue_id=queue.id,
        ord=next_ord(session, place.project.id, queue.id),
        need=old.need,
        slots=old.need,
        free_slots=bits_of(old.need),
        held=False,
        is_open=True,
    )
    session.add(task)
    session.flush()
    _pair_anew(session, old, place.partner_of(old), task, new)
    return 1


def _queue_for(session: Session, project: Project, batch_id: int, skills: list[str]) -> Queue:
    """The queue of the batch for those skills; one that was never asked for before is made."""
    this = (Queue.project_id == project.id, Queue.batch_id == batch_id)
    for queue in session.scalars(sa.select(Queue).where(*this, Queue.panel.is_(None)).order_by(Queue.id)):
        if queue.skills == skills:
            return queue
    batch = session.get_one(Batch, batch_id)
    is_open = batch.state is BatchState.OPEN and project.state is ProjectState.OPEN
    made = Queue(
        project_id=project.id,
        batch_id=batch_id,
        skills=skills,
        priority=batch.priority,
        state=QueueState.OPEN if is_open else QueueState.CLOSED,
    )
    session.add(made)
    session.flush()
    refresh_eligibility(session, project.id)
    return made


def _pair_anew(session: Session, old: Task, partner: Task | None, task: Task, new: Item) -> None:
    """Have the new task stand beside the partner of the old one, if both answer one prompt for the same people."""
    if partner is None:
        return
    old.partner_id = partner.partner_id = None
    session.flush()
    other = session.get_one(Item, (partner.dataset_id, partner.item_id))
    if (other.pair_id, other.group_key) == (new.pair_id, new.group_key) and partner.queue_id == task.queue_id:
        task.partner_id, partner.partner_id = partner.id, task.id
        session.flush()
