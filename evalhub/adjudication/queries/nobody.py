"""Cases that no adjudicator may settle, and the recorded ways out."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.adjudication.models import Case, CaseState, DecisionException, ExceptionKind
from evalhub.adjudication.queries.cases import GRADED, CasePlace, has_of_item
from evalhub.adjudication.schema import case_alias
from evalhub.projects.models import Member, MemberState
from evalhub.review.models import Assignment, AssignmentState, SkipReason, Task

AT_MOST = 50


def somebody_may_settle() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: an adjudicator is left who neither graded its item nor has an interest in it."""
    stands_aside = has_of_item(
        Member.account_id,
        sa.or_(Assignment.state.in_(GRADED), Assignment.skip_reason == SkipReason.CONFLICT_OF_INTEREST),
    )
    return (
        sa.exists(Member.account_id)
        .where(
            Member.project_id == Task.project_id,
            Member.state == MemberState.ACTIVE,
            Member.is_adjudicator,
            ~Member.is_simulated,
            Account.id == Member.account_id,
            Account.disabled_at.is_(None),
            ~stands_aside,
        )
        .correlate(Task)
    )


def is_stuck(session: Session, place: CasePlace) -> bool:
    """Whether the case is open and nobody is left who may settle it."""
    return bool(
        session.scalar(
            sa.select(sa.and_(Case.state == CaseState.OPEN, ~somebody_may_settle()))
            .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
            .where(Case.project_id == place.project_id, Case.task_id == place.task_id)
        )
    )


def stuck_cases(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Id and alias of the open cases that nobody may settle, the oldest first; it tells nothing of the items."""
    found = session.scalars(
        sa.select(Case.public_id)
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .where(Case.project_id == project_id, Case.state == CaseState.OPEN, ~somebody_may_settle())
        .order_by(Case.opened_at, Case.task_id)
        .limit(AT_MOST)
    )
    return [(public_id, case_alias(public_id)) for public_id in found]


def reconciliation_of(session: Session, place: CasePlace) -> DecisionException | None:
    """That those who graded the item were asked to settle it together; the first, where several managers asked."""
    return session.scalars(
        sa.select(DecisionException)
        .where(
            DecisionException.project_id == place.project_id,
            DecisionException.task_id == place.task_id,
            DecisionException.kind == ExceptionKind.RECONCILE,
        )
        .order_by(DecisionException.granted_at)
        .limit(1)
    ).one_or_none()


def exception_of(session: Session, place: CasePlace, account_id: int) -> DecisionException | None:
    """What lets this account settle the case although it usually may not."""
    return session.get(DecisionException, (place.project_id, place.task_id, ExceptionKind.MANAGER, account_id))


def graders_of(session: Session, place: CasePlace) -> list[int]:
    """Accounts of the people whose reviews of the task stand and who are still in the project."""
    return list(
        session.scalars(
            sa.select(Assignment.reviewer_id)
            .join(Account, Account.id == Assignment.reviewer_id)
            .join(
                Member,
                sa.and_(Member.project_id == Assignment.project_id, Member.account_id == Assignment.reviewer_id),
            )
            .where(
                Assignment.project_id == place.project_id,
                Assignment.task_id == place.task_id,
                Assignment.state == AssignmentState.SUBMITTED,
                Account.kind == AccountKind.HUMAN,
                Account.disabled_at.is_(None),
                Member.state == MemberState.ACTIVE,
                ~Member.is_simulated,
            )
            .order_by(Assignment.reviewer_id)
        )
    )
