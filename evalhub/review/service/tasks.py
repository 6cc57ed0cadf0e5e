"""Fill batches with tasks, and keep who may claim them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, Profile
from evalhub.audit.service import record
from evalhub.datasets.models import Item
from evalhub.db import Database, canonical_json, locked, new_public_id, now
from evalhub.projects.models import Batch, BatchState, Member, MemberState, Project, ProjectState
from evalhub.review.models import WITHDRAWN, Purpose, Queue, QueueReviewer, QueueState, Task
from evalhub.review.schema import bits_of
from evalhub.review.service.plan import PlannedTask, planned_tasks
from evalhub.web.session import after_commit, write

CHUNK = 1000


def fill_after_commit(session: Session, project_id: int, batch_id: int) -> None:
    """Have a new batch filled once it is committed (handler of `batch_opened`)."""
    after_commit(session, partial(fill_batch, project_id=project_id, batch_id=batch_id))


def fill_batch(database: Database, *, project_id: int, batch_id: int) -> None:
    """Give a batch its tasks, a thousand a transaction, and open its queues when all are there.

    Stopped half-way it goes on where it stopped: the plan depends on the items and the project's seed alone.
    """
    with database.reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None or batch.state is not BatchState.FILLING:
            return
        planned = planned_tasks(session, session.get_one(Project, project_id), batch)
    queue_ids = write(partial(_make_queues, project_id=project_id, batch_id=batch_id, planned=planned), on=database)
    for start in range(0, len(planned), CHUNK):
        part = planned[start : start + CHUNK]
        write(partial(_add_tasks, project_id=project_id, batch_id=batch_id, part=part, queues=queue_ids), on=database)
    paired = [task for task in planned if task.partner_item_id is not None]
    for start in range(0, len(paired), CHUNK):
        part = paired[start : start + CHUNK]
        write(partial(_name_partners, project_id=project_id, batch_id=batch_id, part=part), on=database)
    write(partial(open_queues, project_id=project_id, batch_id=batch_id), on=database)


def fill_leftovers(database: Database) -> None:
    """Go on with batches that a stopped process left half filled."""
    with database.reading() as session:
        of_imports = (Batch.state == BatchState.FILLING, Batch.import_id.is_not(None))
        waiting = session.execute(sa.select(Batch.project_id, Batch.id).where(*of_imports)).all()
    for project_id, batch_id in waiting:
        fill_batch(database, project_id=project_id, batch_id=batch_id)


def _make_queues(session: Session, *, project_id: int, batch_id: int, planned: list[PlannedTask]) -> dict[str, int]:
    """The hidden queues of a batch, by skill set."""
    session.scalars(locked(sa.select(Project.id).where(Project.id == project_id))).one()
    priority = session.get_one(Batch, batch_id).priority
    found = {
        canonical_json(queue.skills): queue.id
        for queue in session.scalars(sa.select(Queue).where(Queue.project_id == project_id, Queue.batch_id == batch_id))
    }
    for skills in sorted({task.skills for task in planned} - set(found)):
        queue = Queue(project_id=project_id, batch_id=batch_id, skills=json.loads(skills), priority=priority)
        session.add(queue)
        session.flush()
        found[skills] = queue.id
    return found


def _add_tasks(
    session: Session, *, project_id: int, batch_id: int, part: list[PlannedTask], queues: dict[str, int]
) -> None:
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    there = set(
        session.scalars(
            sa.select(Task.item_id).where(
                Task.project_id == project_id,
                Task.item_id.between(part[0].item_id, part[-1].item_id),
                Task.purpose == Purpose.LIVE,
            )
        )
    )
    new = [task for task in part if task.item_id not in there]
    if not new:
        return
    withdrawn = _withdrawn(session, project.dataset_id, part)
    first_id = project.last_task_id + 1
    project.last_task_id += len(new)
    session.flush()
    session.execute(
        sa.insert(Task),
        [
            {
                "project_id": project_id,
                "id": first_id + i,
                "public_id": new_public_id(),
                "dataset_id": project.dataset_id,
                "item_id": task.item_id,
                "rubric_version_id": project.rubric_version_id,
                "purpose": Purpose.LIVE,
                "occasion": 1,
                "batch_id": batch_id,
                "queue_id": queues[task.skills],
                "ord": task.ord,
                "need": task.need,
                "slots": task.need,
                "free_slots": bits_of(task.need),
                "held": task.item_id in withdrawn,
                "held_reason": f"{WITHDRAWN}before it was handed out" if task.item_id in withdrawn else None,
                "is_open": task.item_id not in withdrawn,
            }
            for i, task in enumerate(new)
        ],
    )


def _withdrawn(session: Session, dataset_id: int, part: list[PlannedTask]) -> set[int]:
    """Those of the items that count nowhere; asked behind the project's lock, which whoever withdraws one takes."""
    of_part = (Item.dataset_id == dataset_id, Item.id.between(part[0].item_id, part[-1].item_id))
    return set(session.scalars(sa.select(Item.id).where(*of_part, Item.withdrawn_at.is_not(None))))


def _name_partners(session: Session, *, project_id: int, batch_id: int, part: list[PlannedTask]) -> None:
    """Have the tasks of a pair name each other; the queues are not open yet."""
    items = {task.item_id for task in part} | {task.partner_item_id for task in part}
    on_batch = (Task.project_id == project_id, Task.batch_id == batch_id)
    rows = session.execute(sa.select(Task.item_id, Task.id).where(*on_batch, Task.item_id.in_(items)))
    task_of = dict(rows.all())
    session.execute(
        sa.update(Task),
        [
            {"project_id": project_id, "id": task_of[task.item_id], "partner_id": task_of[task.partner_item_id]}
            for task in part
            if task.item_id in task_of and task.partner_item_id in task_of
        ],
    )


def open_queues(session: Session, *, project_id: int, batch_id: int) -> None:
    """Hand out a batch whose tasks are all there."""
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    batch = session.get_one(Batch, batch_id)
    if batch.state is not BatchState.FILLING:
        return
    batch.state = BatchState.OPEN
    state = QueueState.OPEN if project.state is ProjectState.OPEN else QueueState.CLOSED
    last = (
        sa.select(sa.func.coalesce(sa.func.max(Task.ord), 0))
        .where(Task.project_id == project_id, Task.queue_id == Queue.id)
        .scalar_subquery()
    )
    session.flush()
    session.execute(
        sa.update(Queue)
        .where(Queue.project_id == project_id, Queue.batch_id == batch_id)
        .values(state=state, last_ord=last)
    )
    refresh_eligibility(session, project_id)
    n_tasks = session.scalar(sa.select(sa.func.count()).where(Task.project_id == project_id, Task.batch_id == batch_id))
    record(
        session,
        action="batch.opened",
        subject=("batch", str(batch_id)),
        actor="",
        at=now(session),
        chain=project.public_id,
        payload={"tasks": n_tasks or 0},
    )


def refresh_eligibility(session: Session, project_id: int) -> None:
    """Make `queue_reviewer` say who may claim what: active reviewers whose domains include the queue's skills and who
    hold a certificate where the project requires one, or who sit on its panel.

    The project row is locked first, because a queue and a member added at once would miss each other.
    """
    this_project = locked(sa.select(Project).where(Project.id == project_id))
    project = session.scalars(this_project.execution_options(populate_existing=True)).one()
    certified = sa.true() if not project.requires_certificate else _is_certified_for(project.rubric_version_id)
    reviewers = session.execute(
        sa.select(Member.account_id, Profile.domains, certified)
        .join(Account, Account.id == Member.account_id)
        .outerjoin(Profile, Profile.account_id == Member.account_id)
        .where(
            Member.project_id == project_id,
            Member.state == MemberState.ACTIVE,
            Member.is_reviewer,
            Account.kind == AccountKind.HUMAN,
        )
    ).all()
    queues = session.execute(sa.select(Queue.id, Queue.skills, Queue.panel).where(Queue.project_id == project_id)).all()
    wanted = _may_claim(reviewers, queues)
    there = {
        (reviewer_id, queue_id)
        for reviewer_id, queue_id in session.execute(
            sa.select(QueueReviewer.reviewer_id, QueueReviewer.queue_id).where(QueueReviewer.project_id == project_id)
        )
    }
    for reviewer_id, queue_id in sorted(there - wanted):
        session.execute(
            sa.delete(QueueReviewer).where(
                QueueReviewer.project_id == project_id,
                QueueReviewer.reviewer_id == reviewer_id,
                QueueReviewer.queue_id == queue_id,
            )
        )
    missing = [
        {"project_id": project_id, "reviewer_id": reviewer_id, "queue_id": queue_id, "cursor_ord": 0}
        for reviewer_id, queue_id in sorted(wanted - there)
    ]
    if missing:
        session.execute(sa.insert(QueueReviewer), missing)


def _may_claim(
    reviewers: Sequence[sa.Row[int, list[str], bool]], queues: Sequence[sa.Row[int, list[str], list[int] | None]]
) -> set[tuple[int, int]]:
    """Reviewer and queue, from (account, domains, is certified) and (queue, skills, panel)."""
    active = {reviewer_id for reviewer_id, _, _ in reviewers}
    certified = {reviewer_id: set(domains or ()) for reviewer_id, domains, is_certified in reviewers if is_certified}
    wanted: set[tuple[int, int]] = set()
    for queue_id, skills, panel in queues:
        if panel is None:
            found = {reviewer_id for reviewer_id, domains in certified.items() if domains.issuperset(skills)}
        else:
            found = active & set(panel)
        wanted |= {(reviewer_id, queue_id) for reviewer_id in found}
    return wanted


def _is_certified_for(rubric_version_id: int) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(Member.certified_for_id, 0) == rubric_version_id


def refresh_eligibility_of(session: Session, account_id: int) -> None:
    """The same in every project of somebody whose domains have changed (handler of `profile_changed`)."""
    projects = session.scalars(
        sa.select(Member.project_id).where(Member.account_id == account_id, Member.state == MemberState.ACTIVE)
    )
    for project_id in sorted(projects):
        refresh_eligibility(session, project_id)


def follow_batch(session: Session, project_id: int, batch_id: int) -> None:
    """Hand out a batch's items in its turn, or no longer (handler of `batch_changed`)."""
    batch, project = session.get_one(Batch, batch_id), session.get_one(Project, project_id)
    queues = sa.update(Queue).where(Queue.project_id == project_id, Queue.batch_id == batch_id)
    is_open = batch.state is BatchState.OPEN and project.state is ProjectState.OPEN
    session.execute(queues.values(priority=batch.priority))
    session.execute(
        queues.where(Queue.state != QueueState.HIDDEN).values(state=QueueState.OPEN if is_open else QueueState.CLOSED)
    )


def close_queues(session: Session, project_id: int) -> None:
    """Stop handing out (handler of `project_closed`)."""
    session.execute(
        sa.update(Queue)
        .where(Queue.project_id == project_id, Queue.state == QueueState.OPEN)
        .values(state=QueueState.CLOSED)
    )


def reopen_queues(session: Session, project_id: int) -> None:
    """Hand out again what belongs to open batches (handler of `project_reopened`)."""
    open_batches = sa.select(Batch.id).where(Batch.project_id == project_id, Batch.state == BatchState.OPEN)
    session.execute(
        sa.update(Queue)
        .where(Queue.project_id == project_id, Queue.state == QueueState.CLOSED, Queue.batch_id.in_(open_batches))
        .values(state=QueueState.OPEN)
    )
