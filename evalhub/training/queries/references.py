"""Gold items and their reference answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.errors import NotFound
from evalhub.review.models import COUNTED_PURPOSES, Task
from evalhub.review.queries.hidden import hidden_tasks
from evalhub.rubrics import models as rubrics
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import Criterion
from evalhub.training.models import Gold, GoldAnswer, Trial, Use
from evalhub.training.schema.judging import Known
from evalhub.training.schema.reference import Reference, ReferenceAnswer


@dataclass(frozen=True, slots=True)
class GoldLine:
    """A gold item as managers see it."""

    gold: Gold
    item: Item
    reference: Reference


def golds_of(session: Session, project_id: int, *, use: Use | None = None) -> list[GoldLine]:
    """The gold items in use, by use and the order of their adding."""
    statement = (
        sa.select(Gold, Item)
        .join(Item, sa.and_(Item.dataset_id == Gold.dataset_id, Item.id == Gold.item_id))
        .where(Gold.project_id == project_id, Gold.retired_at.is_(None))
        .order_by(Gold.use, Gold.id)
    )
    rows = session.execute(statement if use is None else statement.where(Gold.use == use)).all()
    found = references(session, [gold.id for gold, _ in rows])
    return [GoldLine(gold, item, found.get(gold.id, {})) for gold, item in rows]


def in_training(session: Session, dataset_id: int, item_id: int) -> list[Gold]:
    """The uses in training that an item has, in all projects, in the order of their projects."""
    of_item = (Gold.dataset_id == dataset_id, Gold.item_id == item_id, Gold.retired_at.is_(None))
    return list(session.scalars(sa.select(Gold).where(*of_item).order_by(Gold.project_id, Gold.id)))


def gold_named(session: Session, project_id: int, public_id: str) -> Gold:
    """The gold item of that public id.

    Raises:
        NotFound: the project has none.
    """
    gold = session.scalar(sa.select(Gold).where(Gold.project_id == project_id, Gold.public_id == public_id))
    if gold is None:
        raise NotFound("The project has no such gold item.")
    return gold


def golds_hidden_from(session: Session, project_id: int, account_id: int) -> frozenset[int]:
    """Ids of the gold items whose reference the account must not see, whatever their role.

    They may still grade the item live or change their review of it, and a reference made of settled answers tells what
    the others gave. An item that is held for training alone is nobody's to grade live.
    """
    rows = session.execute(
        sa.select(Gold.id, Task.public_id)
        .join(Task, sa.and_(Task.project_id == Gold.project_id, Task.item_id == Gold.item_id))
        .where(Gold.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), ~Task.held)
    ).all()
    hidden = hidden_tasks(session, project_id, account_id, [task for _, task in rows])
    return frozenset(gold for gold, task in rows if task in hidden)


def reference_of_task(session: Session, project_id: int, task_id: int) -> Reference | None:
    """The reference that a task of training is held against; None of any other task.

    It is for those alone who have submitted the task for practice, and for managers.
    """
    gold_id = session.scalar(sa.select(Trial.gold_id).where(Trial.project_id == project_id, Trial.task_id == task_id))
    return None if gold_id is None else references(session, [gold_id]).get(gold_id, {})


def references(session: Session, gold_ids: Collection[int]) -> dict[int, Reference]:
    """The reference answers by gold id; one statement."""
    rows = session.execute(
        sa.select(GoldAnswer, rubrics.Criterion.key)
        .join(rubrics.Criterion, rubrics.Criterion.id == GoldAnswer.criterion_id)
        .where(GoldAnswer.gold_id.in_(list(gold_ids)))
        .order_by(rubrics.Criterion.position)
    )
    found: dict[int, dict[str, ReferenceAnswer]] = {}
    for answer, key in rows:
        shown = ReferenceAnswer(Known(answer.level, answer.value), answer.reason, tuple(answer.evidence))
        found.setdefault(answer.gold_id, {})[key] = shown
    return dict(found)


def criteria_of_version(session: Session, rubric_version_id: int) -> dict[str, Criterion]:
    """The criteria of a version by key, in its order."""
    version = session.get_one(rubrics.RubricVersion, rubric_version_id)
    return {criterion.key: criterion for criterion in rubric_of(version).criteria}
