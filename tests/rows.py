"""Rows put straight into the tables, for tests of reads: callers state only what matters to them.

All take the session first and flush. `reviewed` stores a review without the claim protocol; tests of writes make their
worlds through the services instead (`tests.world`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from evalhub.accounts.models import Account, AccountKind, InstanceRole
from evalhub.datasets.models import Dataset, ImportState, Item, ItemImport
from evalhub.projects.models import Batch, BatchState, Member, Project
from evalhub.projects.schema import Rules
from evalhub.review.models import (
    Assignment,
    AssignmentState,
    Purpose,
    Queue,
    QueueReviewer,
    QueueState,
    Rating,
    RatingNote,
    Review,
    Task,
)
from evalhub.review.schema import bits_of, lowest_bit
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.rubrics.service import add_rubric

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SIMPLE_RUBRIC = """\
name: answers
version: 1
title: Answers
criteria:
- id: accuracy
  title: Accuracy
  not_applicable: true
  levels: [wrong, partly, right]
- id: style
  title: Style
  levels: [poor, fair, good]
"""

_numbers = count(1)


def account(
    session: Session,
    name: str | None = None,
    *,
    kind: AccountKind = AccountKind.HUMAN,
    role: InstanceRole = InstanceRole.MEMBER,
) -> Account:
    name = name or f"person{next(_numbers)}"
    login = name.lower() if kind is AccountKind.HUMAN else None
    made = Account(kind=kind, login=login, display_name=name, role=role, created_at=NOW)
    session.add(made)
    session.flush()
    return made


def rubric_version(session: Session, yaml: str = SIMPLE_RUBRIC) -> RubricVersion:
    """A published version, its criteria and levels loaded."""
    added = add_rubric(session, yaml.encode(), source_name="test.yaml", actor_id=None, now=NOW)
    session.flush()
    loaded = selectinload(RubricVersion.criteria).selectinload(Criterion.levels)
    statement = sa.select(RubricVersion).where(RubricVersion.id == added.version.id).options(loaded)
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def dataset(session: Session, items: int | Sequence[Mapping[str, Any]] = 1, *, name: str | None = None) -> Dataset:
    """A dataset with one complete import; each item may state columns of its own."""
    listed: Sequence[Mapping[str, Any]] = [{} for _ in range(items)] if isinstance(items, int) else items
    made = Dataset(name=name or f"dataset{next(_numbers)}", created_at=NOW, last_item_id=len(listed))
    session.add(made)
    session.flush()
    item_import = ItemImport(
        dataset_id=made.id,
        source="items.jsonl",
        sha256="0" * 64,
        state=ImportState.COMPLETE,
        n_items=len(listed),
        started_at=NOW,
        alive_at=NOW,
        completed_at=NOW,
    )
    session.add(item_import)
    session.flush()
    session.add_all(_item(made, item_import, number, stated) for number, stated in enumerate(listed, start=1))
    session.flush()
    return made


def _item(of: Dataset, item_import: ItemImport, number: int, stated: Mapping[str, Any]) -> Item:
    external_id = stated.get("external_id", f"item{number}")
    columns: dict[str, Any] = {
        "external_id": external_id,
        "group_key": external_id,
        "prompt": f"Question {number}?",
        "response": f"Answer {number}.",
        "model": "model-a",
        "skills": [],
        "tags": [],
        "metadata_": {},
        "content_sha256": hashlib.sha256(external_id.encode()).hexdigest(),
        **stated,
    }
    return Item(dataset_id=of.id, id=number, import_id=item_import.id, **columns)


def project(
    session: Session,
    on: Dataset,
    version: RubricVersion,
    *,
    need: int = 3,
    rules: Rules | None = None,
    name: str | None = None,
) -> Project:
    """An open project with a batch, a queue and a live task for every item, in the items' order."""
    name = name or f"project{next(_numbers)}"
    n_items = session.scalar(sa.select(sa.func.count()).where(Item.dataset_id == on.id)) or 0
    made = Project(
        name=name,
        title=name.title(),
        dataset_id=on.id,
        rubric_version_id=version.id,
        overlap_base=need,
        overlap_share=0.0,
        overlap_need=need,
        stratify_by=[],
        seed=0,
        rules=(rules or Rules()).model_dump(mode="json"),
        lease_minutes=45,
        pseudonym_key="0f" * 32,
        last_task_id=n_items,
        created_at=NOW,
    )
    session.add(made)
    session.flush()
    import_id = session.scalars(sa.select(ItemImport.id).where(ItemImport.dataset_id == on.id)).one()
    batch = Batch(project_id=made.id, import_id=import_id, name="first", state=BatchState.OPEN, created_at=NOW)
    session.add(batch)
    session.flush()
    queue = Queue(project_id=made.id, batch_id=batch.id, skills=[], state=QueueState.OPEN, last_ord=n_items)
    session.add(queue)
    session.flush()
    items = session.scalars(sa.select(Item).where(Item.dataset_id == on.id).order_by(Item.id)).all()
    session.add_all(task(made, queue, item, need=need) for item in items)
    session.flush()
    return made


def task(
    of: Project, queue: Queue, item: Item, *, need: int, purpose: Purpose = Purpose.LIVE, occasion: int = 1
) -> Task:
    """A task row, not yet added; its id and place in the queue are the item's id."""
    return Task(
        project_id=of.id,
        id=item.id,
        dataset_id=item.dataset_id,
        item_id=item.id,
        rubric_version_id=of.rubric_version_id,
        purpose=purpose,
        occasion=occasion,
        batch_id=queue.batch_id,
        queue_id=queue.id,
        ord=item.id,
        need=need,
        slots=need,
        free_slots=bits_of(need),
        held=False,
        is_open=True,
    )


def tasks_of(session: Session, of: Project) -> list[Task]:
    return list(session.scalars(sa.select(Task).where(Task.project_id == of.id).order_by(Task.id)))


def member(session: Session, of: Project, who: Account, **columns: Any) -> Member:
    """An active member, a reviewer unless columns say otherwise; human reviewers may claim from every queue."""
    stated = columns or {"is_reviewer": True}
    made = Member(project_id=of.id, account_id=who.id, joined_at=NOW, **stated)
    session.add(made)
    session.flush()
    if made.is_reviewer and who.kind is AccountKind.HUMAN:
        queues = session.scalars(sa.select(Queue.id).where(Queue.project_id == of.id)).all()
        session.add_all(QueueReviewer(project_id=of.id, reviewer_id=who.id, queue_id=queue) for queue in queues)
        session.flush()
    return made


def reviewed(
    session: Session,
    on: Task,
    by: Account,
    scores: Mapping[str, str | float | None],
    *,
    state: AssignmentState = AssignmentState.SUBMITTED,
    notes: Mapping[str, str] | None = None,
    at: datetime = NOW,
) -> Assignment:
    """A review with its ratings: a level's id, a number, or None for not applicable, by criterion."""
    takes_slot = state in (AssignmentState.SUBMITTED, AssignmentState.IMPORTED) and on.free_slots
    slot = lowest_bit(on.free_slots) if takes_slot else None
    if slot is not None:
        on.free_slots &= ~(1 << slot)
        on.is_open = on.free_slots != 0 and not on.held
    made = Assignment(
        project_id=on.project_id, task_id=on.id, reviewer_id=by.id, slot=slot, state=state, submitted_at=at, revision=1
    )
    session.add(made)
    session.flush()
    key = (on.project_id, on.id, by.id)
    columns = dict(zip(("project_id", "task_id", "reviewer_id"), key, strict=True))
    session.add(Review(**columns, revision=1, submitted_at=at, idempotency_key=str(key), request_sha256="0" * 64))
    criteria = session.scalars(
        sa.select(Criterion)
        .where(Criterion.rubric_version_id == on.rubric_version_id)
        .options(selectinload(Criterion.levels))
    )
    by_key = {criterion.key: criterion for criterion in criteria}
    planned = state in (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)
    for criterion_key, score in scores.items():
        criterion = by_key[criterion_key]
        rank = next((level.rank for level in criterion.levels if level.key == score), None)
        value = float(score) if isinstance(score, int | float) else None
        session.add(
            Rating(
                **columns,
                criterion_id=criterion.id,
                level=rank,
                value=value,
                not_applicable=score is None,
                planned=planned,
            )
        )
    session.add_all(
        RatingNote(**columns, criterion_id=by_key[criterion_key].id, text=text)
        for criterion_key, text in (notes or {}).items()
    )
    session.flush()
    return made
