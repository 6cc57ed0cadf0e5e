"""What withdrawing, restoring or replacing an item would change, and what waits for a manager's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.datasets.models import ChangeKind, Dataset, Item, ItemChange
from evalhub.datasets.queries import dataset_named
from evalhub.datasets.schema.items import derived_group
from evalhub.db import canonical_json
from evalhub.errors import BadInput, Fault, NotFound
from evalhub.projects.models import Project
from evalhub.projects.queries import project_named
from evalhub.review.models import COUNTED_PURPOSES, IN_WORK, SKIPPED_TWICE, Assignment, AssignmentState, Task
from evalhub.review.queries.hidden import hidden_tasks, may_still_answer

DONE = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED, AssignmentState.EXTRA)
CONTENT = ("prompt", "messages", "context", "response", "reference", "model", "tags", "skills", "pair_id", "gold")


@dataclass(frozen=True, slots=True)
class InProject:
    """An item in one project: reviews that stand, people at it, and free slots."""

    project: Project
    n_reviews: int
    n_at_work: int
    n_waiting: int


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """What an act upon an item would reach."""

    item: Item
    dataset: str
    projects: list[InProject]
    also: list[str]
    """What of later stages ends or waits, in sentences."""
    withdrawn_because: str | None
    """None of an item that is not withdrawn."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A task that two reviewers passed on; the words they left are None for whoever may still grade it."""

    task: Task
    item: Item
    words: list[str] | None


def item_plan(session: Session, item: Item) -> ItemPlan:
    projects = session.scalars(
        sa.select(Project).where(Project.dataset_id == item.dataset_id).order_by(Project.title, Project.id)
    ).all()
    answers = events.consequences_asked.send(session, dataset_id=item.dataset_id, item_id=item.id)
    return ItemPlan(
        item=item,
        dataset=session.get_one(Dataset, item.dataset_id).name,
        projects=[_in_project(session, project, item) for project in projects],
        also=[sentence for _, sentences in answers for sentence in sentences],
        withdrawn_because=_reason(session, item) if item.withdrawn_at is not None else None,
    )


def _in_project(session: Session, project: Project, item: Item) -> InProject:
    of_item = (Task.project_id == project.id, Task.item_id == item.id, Task.purpose.in_(COUNTED_PURPOSES))
    states = session.execute(
        sa.select(Assignment.state, sa.func.count())
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(*of_item)
        .group_by(Assignment.state)
    )
    found: dict[AssignmentState, int] = dict(states.all())
    free = session.scalars(sa.select(Task.free_slots).where(*of_item)).all()
    return InProject(
        project,
        n_reviews=sum(found.get(state, 0) for state in DONE),
        n_at_work=sum(found.get(state, 0) for state in IN_WORK),
        n_waiting=sum(bits.bit_count() for bits in free),
    )


def _reason(session: Session, item: Item) -> str:
    """Why it was withdrawn last."""
    this = (ItemChange.dataset_id == item.dataset_id, ItemChange.item_id == item.id)
    withdrawn = sa.select(ItemChange.reason).where(*this, ItemChange.kind == ChangeKind.WITHDRAWN)
    return session.scalars(withdrawn.order_by(ItemChange.id.desc()).limit(1)).one_or_none() or ""


def content_of(item: Item) -> dict[str, Any]:
    """The item as a record of a file would state it."""
    fields = {"id": item.external_id} | {name: getattr(item, name) for name in CONTENT}
    fields["metadata"] = item.metadata_
    messages = canonical_json(item.messages) if item.messages else None
    if item.group_key != derived_group(item.prompt, messages, item.context, item.reference):
        fields["group"] = item.group_key
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def may_still_grade(session: Session, project_id: int, item_id: int, account_id: int) -> bool:
    """Whether the account must not see more of the item than a reviewer does."""
    of_item = (Task.project_id == project_id, Task.item_id == item_id, may_still_answer(account_id))
    return session.scalar(sa.select(Task.id).where(*of_item).limit(1)) is not None


def taken_out(session: Session, project: Project, account_id: int | None) -> list[TakenOut]:
    """The tasks that were skipped twice as unreadable or unsafe, in the order of their items."""
    rows = session.execute(
        sa.select(Task, Item)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(
            Task.project_id == project.id,
            Task.held,
            Task.held_reason == SKIPPED_TWICE,
            Item.withdrawn_at.is_(None),
        )
        .order_by(Item.id, Task.id)
    ).all()
    hides = frozenset[str]()
    if account_id is not None:
        hides = hidden_tasks(session, project.id, account_id, [task.public_id for task, _ in rows])
    words = _words(session, project.id, [task.id for task, _ in rows])
    return [TakenOut(task, item, None if task.public_id in hides else words.get(task.id, [])) for task, item in rows]


def _words(session: Session, project_id: int, task_ids: list[int]) -> dict[int, list[str]]:
    """Why each task was passed on, with what was said of it."""
    rows = session.execute(
        sa.select(Assignment.task_id, Assignment.skip_reason, Assignment.skip_note)
        .where(
            Assignment.project_id == project_id,
            Assignment.task_id.in_(task_ids),
            Assignment.state == AssignmentState.SKIPPED,
        )
        .order_by(Assignment.task_id, Assignment.public_id)
    )
    found: dict[int, list[str]] = {}
    for task_id, reason, note in rows:
        said = reason.value.replace("_", " ") if reason else ""
        found.setdefault(task_id, []).append(f"{said}: {note}" if note else said)
    return found


def dataset_of(session: Session, name: str) -> Dataset:
    """The dataset of a project of that name, or the dataset of that name.

    Raises:
        NotFound: there is neither.
        BadInput: there are both, and the project grades another dataset.
    """
    try:
        project = project_named(session, name)
    except NotFound:
        return dataset_named(session, name)
    of_project = session.get_one(Dataset, project.dataset_id)
    other = session.scalar(sa.select(Dataset.id).where(Dataset.name == name, Dataset.id != of_project.id))
    if other is not None:
        wrong = f'"{name}" is a dataset, and a project on "{of_project.name}"; name the dataset that is meant otherwise'
        raise BadInput("It is not clear which dataset is meant.", faults=[Fault("schema", wrong, "project")])
    return of_project
