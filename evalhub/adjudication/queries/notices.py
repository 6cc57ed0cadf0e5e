"""What adjudication has to tell a reviewer: what was decided, and where they are asked to reconcile.

Nothing here tells what anybody said: it leads to the pages that do, once the reviewer may see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import (
    Case,
    CaseState,
    DecisionException,
    ExceptionKind,
    Reconciliation,
)
from evalhub.projects.models import Member, MemberState, Project
from evalhub.review.models import Assignment, AssignmentState
from evalhub.review.schema import item_alias

AT_MOST = 100
ANSWERED = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)
_IS_MEMBER = sa.and_(
    Member.project_id == Assignment.project_id,
    Member.account_id == Assignment.reviewer_id,
    Member.state == MemberState.ACTIVE,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about one of my items."""

    assignment: str
    project: str
    project_title: str
    at: datetime

    @property
    def alias(self) -> str:
        return item_alias(self.assignment)


def resolutions_for(session: Session, account_id: int) -> list[Notice]:
    """My items that were decided, or decided anew, since I last looked at what became of them; the last first."""
    rows = session.execute(
        _mine(account_id, Case.closed_at)
        .join(Case, sa.and_(Case.project_id == Assignment.project_id, Case.task_id == Assignment.task_id))
        .where(
            Case.state == CaseState.DECIDED,
            Assignment.state.in_(ANSWERED),
            sa.or_(Assignment.others_shown_at.is_(None), Assignment.others_shown_at < Case.closed_at),
        )
        .order_by(Case.closed_at.desc(), Assignment.public_id)
        .limit(AT_MOST)
    )
    return [Notice(*row) for row in rows]


def reconciliations_for(session: Session, account_id: int) -> list[Notice]:
    """My items whose graders were asked to settle them together, while I have not answered; the oldest first."""
    has_answered = (
        sa.exists()
        .where(
            Reconciliation.project_id == Assignment.project_id,
            Reconciliation.task_id == Assignment.task_id,
            Reconciliation.reviewer_id == account_id,
        )
        .correlate(Assignment)
    )
    rows = session.execute(
        _mine(account_id, sa.func.min(DecisionException.granted_at, type_=DecisionException.granted_at.type))
        .join(Case, sa.and_(Case.project_id == Assignment.project_id, Case.task_id == Assignment.task_id))
        .join(
            DecisionException,
            sa.and_(DecisionException.project_id == Case.project_id, DecisionException.task_id == Case.task_id),
        )
        .where(
            DecisionException.kind == ExceptionKind.RECONCILE,
            Case.state == CaseState.OPEN,
            Assignment.state == AssignmentState.SUBMITTED,
            ~has_answered,
        )
        .group_by(Assignment.public_id, Project.name, Project.title)
        .order_by(sa.func.min(DecisionException.granted_at), Assignment.public_id)
        .limit(AT_MOST)
    )
    return [Notice(*row) for row in rows]


def _mine(account_id: int, at: sa.SQLColumnExpression[Any]) -> sa.Select[str, str, str, Any]:
    """The start of each notice: my assignments in projects that I am in."""
    return (
        sa.select(Assignment.public_id, Project.name, Project.title, at)
        .select_from(Assignment)
        .join(Project, Project.id == Assignment.project_id)
        .join(Member, _IS_MEMBER)
        .where(Assignment.reviewer_id == account_id)
    )
