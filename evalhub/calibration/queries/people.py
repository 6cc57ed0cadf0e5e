"""Whose ratings count."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from evalhub.accounts.models import Account, AccountKind
from evalhub.review.models import Rating

PEOPLE = (AccountKind.HUMAN, AccountKind.IMPORTED)
Columns = sa.Select[*tuple[Any, ...]]


def of_people(statement: Columns, project_id: int) -> Columns:
    """The planned ratings of people in a project; voided reviews have none."""
    models = sa.select(Account.id).where(Account.kind.not_in(PEOPLE))
    return statement.where(Rating.project_id == project_id, Rating.planned, Rating.reviewer_id.not_in(models))
