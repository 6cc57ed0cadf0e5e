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
    # One question a kind of name, so that each reads its index; both in one would read every item.
    for is_named in (Item.external_id == ref, Task.public_id == ref):
        found = session.scalars(
            sa.select(Item)
            .join(Task, sa.and_(Task.dataset_id == Item.dataset_id, Task.item_id == Item.id))
            .where(Task.project_id == project.id, Item.dataset_id == project.dataset_id, is_named)
            .order_by(Item.revision.desc())
            .limit(1)
        ).one_or_none()
        if found is not None:
            return found
    raise NotFound(f'The project has no item "{ref}".')
