"""Who must not read what others said of an item, for the stages that cannot see the queue."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.queries.cases import is_blind
from evalhub.review.models import Task


def has_to_do_with_item(session: Session, *, project_id: int, dataset_id: int, item_id: int, account_id: int) -> bool:
    """Whether the account graded the item, holds it or may still claim it (handler of `grading_asked`)."""
    blind = sa.select(Task.id).where(
        Task.project_id == project_id,
        Task.dataset_id == dataset_id,
        Task.item_id == item_id,
        is_blind(account_id),
    )
    return bool(session.scalar(sa.select(blind.exists())))
