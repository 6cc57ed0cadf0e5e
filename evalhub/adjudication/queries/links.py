"""Which items have a case that somebody may open."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case
from evalhub.adjudication.queries.cases import is_blind
from evalhub.review.models import Task


def cases_to_open(session: Session, project_id: int, account_id: int, tasks: Collection[str]) -> Mapping[str, str]:
    """The public ids of cases by those of their tasks, of some tasks; without those to which the account is blind."""
    rows = session.execute(
        sa.select(Task.public_id, Case.public_id)
        .join(Case, sa.and_(Case.project_id == Task.project_id, Case.task_id == Task.id))
        .where(Task.project_id == project_id, Task.public_id.in_(tasks), ~is_blind(account_id))
    )
    return {row[0]: row[1] for row in rows}
