"""A reviewer answers a decision, once; an adjudicator decides anew, or lets it stand."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, CaseState, ResolutionAnswer
from evalhub.adjudication.queries.cases import case_of
from evalhub.adjudication.schema import check_text
from evalhub.adjudication.service.taking import admit, lock_case, lock_own_member
from evalhub.audit.service import record
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Project
from evalhub.review.models import AssignmentState
from evalhub.review.queries.assignments import desk_of, lock_assignment, lock_task

ANSWERS = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)


def answer_decision(session: Session, assignment_public_id: str, text: str, *, by: Account, at: datetime) -> None:
    """Send the adjudicator an answer to the decision that stands.

    Raises:
        NotFound: the assignment is not theirs.
        BadInput: no text.
        Conflict: there is no decision (`not_decided`), they have not read it (`not_shown`), or they have answered it
            (`answered`).
    """
    check_text("text", text, "say what the adjudicator should know")
    desk = desk_of(session, assignment_public_id, by.id)
    task = lock_task(session, desk.project.id, desk.task.id)
    assignment = lock_assignment(session, task.project_id, task.id, by.id)
    case = session.get(Case, (task.project_id, task.id))
    if case is None or case.state is not CaseState.DECIDED or assignment.state not in ANSWERS:
        raise Conflict("There is no decision to answer.", code="not_decided")
    if assignment.others_shown_at is None:
        raise Conflict("Look at the decision first.", code="not_shown")
    place = {"project_id": task.project_id, "task_id": task.id, "reviewer_id": by.id, "revision": case.revision}
    try:
        with session.begin_nested():
            session.add(ResolutionAnswer(**place, text=text.replace("\r\n", "\n").strip(), sent_at=at))
    except IntegrityError as error:
        raise Conflict("You have answered this decision already; it can be answered once.", code="answered") from error
    record(
        session,
        action="resolution.answered",
        subject=("assignment", assignment.public_id),
        actor=by.public_id,
        at=at,
        chain=desk.project.public_id,
        payload={"revision": case.revision},
    )


def let_stand(session: Session, case_public_id: str, *, by: Account, at: datetime) -> None:
    """Close the answers to the decision that stands without changing it.

    Raises:
        NotFound: no such case, or the account graded the item.
        Conflict: no answer waits (`read`).
    """
    place = case_of(session, case_public_id)
    lock_own_member(session, place.project_id, by.id)
    admit(session, place, by.id)
    case = lock_case(session, place.project_id, place.task_id)
    if case.state is not CaseState.DECIDED:
        raise NotFound
    closed = session.scalars(
        sa.update(ResolutionAnswer)
        .where(
            ResolutionAnswer.project_id == case.project_id,
            ResolutionAnswer.task_id == case.task_id,
            ResolutionAnswer.revision == case.revision,
            ResolutionAnswer.read_at.is_(None),
        )
        .values(read_at=at, read_by_id=by.id)
        .returning(ResolutionAnswer.reviewer_id)
    ).all()
    if not closed:
        raise Conflict("No answer to this decision waits any more.", code="read")
    record(
        session,
        action="resolution.answer_read",
        subject=("case", case.public_id),
        actor=by.public_id,
        at=at,
        chain=session.get_one(Project, case.project_id).public_id,
        payload={"revision": case.revision},
    )
