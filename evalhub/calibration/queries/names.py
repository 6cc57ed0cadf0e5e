"""What items are called outside."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.review.models import Task


class TaskName(NamedTuple):
    """The public id of a task, and its item's id in the source, which may name the model."""

    task: str
    item: str


def task_names(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, TaskName]:
    rows = session.execute(
        sa.select(Task.id, Task.public_id, Item.external_id)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id == project_id, Task.id.in_(task_ids))
    )
    return {task_id: TaskName(public_id, external_id) for task_id, public_id, external_id in rows}
