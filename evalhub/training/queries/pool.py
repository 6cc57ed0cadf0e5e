"""Which gold items a person may still be given."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Profile
from evalhub.datasets.models import Item
from evalhub.projects.models import Project
from evalhub.review.models import COUNTED_PURPOSES, IN_WORK, Assignment, Task
from evalhub.training.models import Attempt, Gold, Trial, Use


@dataclass(frozen=True, slots=True)
class Offer:
    """A gold item for one person, and how often they had it in training before."""

    gold_id: int
    item_id: int
    external_id: str
    times_met: int


def offers(session: Session, project: Project, account_id: int, use: Use) -> list[Offer]:
    """The gold items of a use and of the project's version that the person may be given.

    Left out are withdrawn items, items outside the person's domains, those that they gave the reference of themselves,
    and those that they met outside of training: what somebody graded live, held, or was shown in a case tells nothing
    about how they grade. An item that still wants live reviews is left out until it has them: whoever was given it here
    could not give it one, and in the end nobody might be left who can.
    """
    trained = _trials_by_item(session, project.id, account_id)
    met = _met_elsewhere(session, project.id, account_id)
    domains = session.scalar(sa.select(Profile.domains).where(Profile.account_id == account_id)) or ()
    rows = session.execute(
        sa.select(Gold.id, Gold.item_id, Item.external_id, Item.skills)
        .join(Item, sa.and_(Item.dataset_id == Gold.dataset_id, Item.id == Gold.item_id))
        .where(
            Gold.project_id == project.id,
            Gold.rubric_version_id == project.rubric_version_id,
            Gold.use == use,
            Gold.retired_at.is_(None),
            sa.or_(Gold.added_by_id.is_(None), Gold.added_by_id != account_id),
            Item.withdrawn_at.is_(None),
            ~_wants_reviews(project.id),
        )
        .order_by(Gold.id)
    ).all()
    return [
        Offer(gold_id, item_id, external_id, trained.get(item_id, 0))
        for gold_id, item_id, external_id, skills in rows
        if set(skills) <= set(domains) and (item_id in trained or item_id not in met)
    ]


def _wants_reviews(project_id: int) -> sa.ColumnElement[bool]:
    """Of an `Item` in the statement: a live task of it waits for a review, or somebody is at one."""
    in_work = sa.exists().where(
        Assignment.project_id == Task.project_id, Assignment.task_id == Task.id, Assignment.state.in_(IN_WORK)
    )
    return (
        sa.exists()
        .where(
            Task.project_id == project_id,
            Task.item_id == Item.id,
            Task.purpose.in_(COUNTED_PURPOSES),
            ~Task.held,
            sa.or_(Task.free_slots != 0, in_work.correlate(Task)),
        )
        .correlate(Item)
    )


def _trials_by_item(session: Session, project_id: int, account_id: int) -> dict[int, int]:
    """How often the person was given each item in training, those that still wait among them."""
    rows = session.execute(
        sa.select(Task.item_id, sa.func.count())
        .join(Trial, sa.and_(Trial.project_id == Task.project_id, Trial.task_id == Task.id))
        .join(Attempt, Attempt.id == Trial.attempt_id)
        .where(Attempt.project_id == project_id, Attempt.account_id == account_id)
        .group_by(Task.item_id)
    )
    return dict(rows.all())


def _met_elsewhere(session: Session, project_id: int, account_id: int) -> set[int]:
    """The items of which the person has had a task outside of training, or is kept from one."""
    is_trial = sa.exists().where(Trial.project_id == Task.project_id, Trial.task_id == Task.id)
    return set(
        session.scalars(
            sa.select(Task.item_id)
            .join(Assignment, sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id))
            .where(Assignment.project_id == project_id, Assignment.reviewer_id == account_id, ~is_trial)
        )
    )
