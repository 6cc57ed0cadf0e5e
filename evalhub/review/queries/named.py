"""The item of a project that an address or a command names."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.errors import NotFound
from evalhub.projects.models import Project
from evalhub.review.models import Task


def item_in(session: Session, project: Project, ref: str) -> Item:
    """The item with that id in its source, in its last revision; or of the task with that public id.

    Raises:
        NotFound: the project has no task of such an item.
    """
    asks_for_it = sa.and_(Task.project_id == project.id, Task.dataset_id == Item.dataset_id, Task.item_id == Item.id)
    # One question a kind of name, so that each reads its index; both in one would read every item.
    by_id = (
        sa.select(Item)
        .where(Item.dataset_id == project.dataset_id, Item.external_id == ref, sa.exists().where(asks_for_it))
        .order_by(Item.revision.desc())
        .limit(1)
    )
    by_task = sa.select(Item).join(Task, asks_for_it).where(Task.public_id == ref)
    found = session.scalars(by_id).one_or_none() or session.scalars(by_task).one_or_none()
    if found is None:
        raise NotFound(f'The project has no item "{ref}".')
    return found
