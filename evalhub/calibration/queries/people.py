"""Whose ratings count, and the names they are shown by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.datasets.models import Item
from evalhub.projects.models import Member
from evalhub.projects.queries import shown_name
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Rating, Task

PEOPLE = (AccountKind.HUMAN, AccountKind.IMPORTED)
COUNTED_STATES = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)
Columns = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class People:
    """The reviewers of a project whose ratings may count; a report names them by their place here.

    The arrays and `names` are in one order, that of the names; `order` sorts `account`.
    """

    account: NDArray[np.int64]
    names: tuple[str, ...]
    is_simulated: NDArray[np.bool_]
    order: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    def place(self, accounts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of each account, all of which must be among these."""
        return self.order[np.searchsorted(self.account, accounts, sorter=self.order)]


def of_people(statement: Columns, project_id: int) -> Columns:
    """The planned ratings of people in a project; voided reviews have none."""
    models = sa.select(Account.id).where(Account.kind.not_in(PEOPLE))
    return statement.where(Rating.project_id == project_id, Rating.planned, Rating.reviewer_id.not_in(models))


def people_of(
    session: Session, project_id: int, *, since: datetime | None = None, until: datetime | None = None
) -> People:
    """Everybody with a counted review between the two moments, by name."""
    reviewed = (
        sa.select(Assignment.reviewer_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(
            Assignment.project_id == project_id,
            Assignment.state.in_(COUNTED_STATES),
            Task.purpose.in_(COUNTED_PURPOSES),
            Item.withdrawn_at.is_(None),
        )
    )
    if since:
        reviewed = reviewed.where(Assignment.submitted_at >= since)
    if until:
        reviewed = reviewed.where(Assignment.submitted_at < until)
    rows = session.execute(
        sa.select(Account, Member)
        .outerjoin(Member, sa.and_(Member.account_id == Account.id, Member.project_id == project_id))
        .where(Account.id.in_(reviewed), Account.kind.in_(PEOPLE))
    )
    shown = sorted(
        (shown_name(account.display_name, member, account.kind), account.id, bool(member and member.is_simulated))
        for account, member in rows
    )
    account = np.array([account_id for _, account_id, _ in shown], dtype=np.int64)
    return People(
        account=account,
        names=tuple(name for name, _, _ in shown),
        is_simulated=np.array([simulated for *_, simulated in shown], dtype=np.bool_),
        order=np.argsort(account),
    )
