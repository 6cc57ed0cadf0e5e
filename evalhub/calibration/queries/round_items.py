"""Which items a round may have."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.models import CalibrationRound, RoundItem
from evalhub.calibration.queries.asked import criteria_of
from evalhub.calibration.queries.people import Columns, of_people
from evalhub.datasets.models import Item
from evalhub.datasets.queries import current_items
from evalhub.projects.models import Project
from evalhub.projects.schema import Candidate
from evalhub.review.models import COUNTED_PURPOSES, Rating, Task
from evalhub.review.queries.more import stratum_of


def items_on_offer(session: Session, project: Project, *, of: Collection[int] | None = None) -> list[Candidate]:
    """The items of the project that are not withdrawn, for a draw over models and tags.

    Args:
        of: only items of these ids.
    """
    statement = current_items(project.dataset_id).where(Item.withdrawn_at.is_(None))
    if of is not None:
        statement = statement.where(Item.id.in_(of))
    rows = session.execute(
        statement.with_only_columns(Item.id, Item.external_id, Item.group_key, Item.model, Item.tags).order_by(Item.id)
    )
    return [Candidate(item, name, group, stratum_of(model, tags)) for item, name, group, model, tags in rows]


def ids_of_names(session: Session, project: Project, names: Sequence[str]) -> dict[str, int]:
    """The ids of items by the ids of their source; unknown and withdrawn ones are missing."""
    statement = current_items(project.dataset_id).where(Item.external_id.in_(names), Item.withdrawn_at.is_(None))
    return dict(session.execute(statement.with_only_columns(Item.external_id, Item.id)).all())


def items_across(session: Session, project: Project, criterion: str, boundary: int) -> set[int]:
    """The items on which counted ratings lie on both sides of a boundary of a criterion.

    Args:
        boundary: the lower of its two ranks.
    """
    ids = [id_ for asked in criteria_of(session, project.id) if asked.criterion.key == criterion for id_ in asked.ids]
    columns: Columns = sa.select(Task.item_id).select_from(Rating)
    statement = (
        of_people(columns, project.id)
        .join(Task, sa.and_(Task.project_id == Rating.project_id, Task.id == Rating.task_id))
        .where(Rating.criterion_id.in_(ids), Task.purpose.in_(COUNTED_PURPOSES))
        .group_by(Task.id, Task.item_id)
        .having(sa.func.min(Rating.level) <= boundary, sa.func.max(Rating.level) > boundary)
    )
    return set(session.scalars(statement))


def items_of_tasks(session: Session, project_id: int, tasks: Sequence[str]) -> list[int]:
    """The items of some tasks (public ids), in their order."""
    statement = sa.select(Task.public_id, Task.item_id).where(Task.project_id == project_id, Task.public_id.in_(tasks))
    found = dict(session.execute(statement).all())
    return [found[task] for task in tasks if task in found]


def items_of_round(session: Session, round_: CalibrationRound) -> dict[int, bool]:
    """Whether it was talked about, by item id."""
    rows = session.execute(
        sa.select(Task.item_id, RoundItem.discussed)
        .join(RoundItem, sa.and_(RoundItem.project_id == Task.project_id, RoundItem.task_id == Task.id))
        .where(RoundItem.round_id == round_.id)
    )
    return dict(rows.all())
