"""The two recorded ways to settle a case when no adjudicator is left who may."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, DecisionException, ExceptionKind
from evalhub.adjudication.queries.cases import CasePlace, case_of
from evalhub.adjudication.queries.nobody import graders_of, is_stuck
from evalhub.adjudication.schema import check_text
from evalhub.adjudication.service.asking import refuse_while_waiting
from evalhub.adjudication.service.taking import exclude_unless_graded, lock_case, lock_own_member
from evalhub.audit.service import record
from evalhub.errors import Conflict
from evalhub.projects.models import Project
from evalhub.review.queries.assignments import lock_task

FEWEST = 2
"""Reviewers who can settle a case together."""


def ask_to_reconcile(session: Session, case_public_id: str, reason: str, *, by: Account, at: datetime) -> None:
    """Let those who graded the item see what all of them gave, and answer again.

    Raises:
        NotFound: no such case.
        BadInput: no reason.
        Conflict: see `_stuck_case`; or fewer than two of them are left (`too_few`).
    """
    check_text("reason", reason, "say why no adjudicator settles it")
    place, case = _stuck_case(session, case_public_id, by)
    if len(graders_of(session, place)) < FEWEST:
        raise Conflict("Fewer than two of its reviewers are left in the project.", code="too_few")
    _grant(session, case, ExceptionKind.RECONCILE, reason, by=by, at=at, action="case.reconcile_asked")


def grant_exception(session: Session, case_public_id: str, reason: str, *, by: Account, at: datetime) -> None:
    """Let the manager who says why settle the case, also where they graded the item: it is kept with the decision.

    Raises:
        NotFound: no such case.
        BadInput: no reason.
        Conflict: see `_stuck_case`; or the manager holds the item right now (`lease`).
    """
    check_text("reason", reason, "say why no adjudicator settles it")
    place, case = _stuck_case(session, case_public_id, by)
    exclude_unless_graded(session, place, by.id)
    _grant(session, case, ExceptionKind.MANAGER, reason, by=by, at=at, action="case.exception_granted")


def _stuck_case(session: Session, case_public_id: str, by: Account) -> tuple[CasePlace, Case]:
    """The case, locked.

    Raises:
        Conflict: an adjudicator may settle it, or it is closed (`not_stuck`); or a review is still to come
            (`one_more`).
    """
    place = case_of(session, case_public_id)
    lock_own_member(session, place.project_id, by.id)
    task = lock_task(session, place.project_id, place.task_id)
    case = lock_case(session, place.project_id, place.task_id)
    if not is_stuck(session, place):
        raise Conflict("An adjudicator can settle this case, or it is closed by now.", code="not_stuck")
    refuse_while_waiting(session, task)
    return place, case


def _grant(
    session: Session, case: Case, kind: ExceptionKind, reason: str, *, by: Account, at: datetime, action: str
) -> None:
    if session.get(DecisionException, (case.project_id, case.task_id, kind, by.id)) is not None:
        return
    session.add(
        DecisionException(
            project_id=case.project_id,
            task_id=case.task_id,
            kind=kind,
            granted_by_id=by.id,
            reason=reason.replace("\r\n", "\n").strip(),
            granted_at=at,
        )
    )
    session.flush()
    record(
        session,
        action=action,
        subject=("case", case.public_id),
        actor=by.public_id,
        at=at,
        chain=session.scalars(sa.select(Project.public_id).where(Project.id == case.project_id)).one(),
    )
