"""What reviewers may still say once they know what became of an item: "I was wrong"."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Correction, CorrectionState
from evalhub.adjudication.queries.cases import case_of
from evalhub.adjudication.queries.resolution import seems_complete
from evalhub.adjudication.schema import CorrectionBody, check_text, checked_answer, text_faults
from evalhub.adjudication.service.cases import open_cases
from evalhub.adjudication.service.taking import admit, lock_case, lock_own_member
from evalhub.audit.service import record
from evalhub.calibration.queries import meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.projects.models import Project
from evalhub.review.models import Assignment, AssignmentState, Rating, Task
from evalhub.review.queries.assignments import Desk, desk_of, lock_assignment, lock_task
from evalhub.review.service.revise import check_revisable, shown_others


class CorrectionKey(NamedTuple):
    """Which correction of a case is meant."""

    reviewer_id: int
    criterion_id: int
    occasion: int


def show_resolution(session: Session, assignment_public_id: str, *, by: Account, at: datetime) -> None:
    """Note that the reviewer is about to see what became of the item; the review can then no longer be reopened.

    Raises:
        NotFound: the assignment is not theirs.
        Conflict: they have not submitted their review.
    """
    desk = desk_of(session, assignment_public_id, by.id)
    task = lock_task(session, desk.project.id, desk.task.id)
    assignment = lock_assignment(session, task.project_id, task.id, by.id)
    if assignment.state not in (AssignmentState.SUBMITTED, AssignmentState.EXTRA):
        raise Conflict("Submit your review first; then you may see what became of the item.", code="not_submitted")
    if assignment.others_shown_at is not None:
        return
    shown_others(session, assignment)
    record(
        session,
        action="resolution.shown",
        subject=("assignment", assignment.public_id),
        actor=by.public_id,
        at=at,
        chain=desk.project.public_id,
    )


def send_correction(
    session: Session, assignment_public_id: str, body: CorrectionBody, *, by: Account, at: datetime
) -> Correction:
    """Ask the adjudicator to take another answer for the one given; opens a case where there is none.

    Raises:
        NotFound: the assignment is not theirs.
        BadInput: no such answer, the same answer as before, or no reason.
        Conflict: the review can still be reopened, or does not count, or others are still to grade the item
            (`outstanding`): of a gold item, which never makes a case, that is said for ever.
    """
    desk = desk_of(session, assignment_public_id, by.id)
    task = lock_task(session, desk.project.id, desk.task.id)
    assignment = lock_assignment(session, task.project_id, task.id, by.id)
    if assignment.state is not AssignmentState.SUBMITTED:
        raise Conflict("Only a submitted review that counts can be corrected.", code="not_submitted")
    if can_reopen(session, task, assignment):
        raise Conflict("You can still reopen this review and change it yourself.", code="reopen_instead")
    if not seems_complete(session, task.project_id, task.id):
        raise Conflict("Other reviews of this item are still outstanding. Look again later.", code="outstanding")
    criterion_id, answer = _checked(session, desk, body, by.id)
    correction = Correction(
        project_id=task.project_id,
        task_id=task.id,
        reviewer_id=by.id,
        criterion_id=criterion_id,
        occasion=_next_occasion(session, task, by.id, criterion_id),
        reason=body.reason.strip(),
        state=CorrectionState.OPEN,
        sent_at=at,
        **answer.columns(),
    )
    session.add(correction)
    session.flush()
    record(
        session,
        action="correction.sent",
        subject=("assignment", assignment.public_id),
        actor=by.public_id,
        at=at,
        chain=desk.project.public_id,
        payload={"criterion": body.criterion, "occasion": correction.occasion},
    )
    open_cases(session, task.project_id, [task.id], at=at)
    return correction


def can_reopen(session: Session, task: Task, assignment: Assignment) -> bool:
    try:
        check_revisable(session, task, assignment)
    except Conflict:
        return False
    return True


def _checked(session: Session, desk: Desk, body: CorrectionBody, reviewer_id: int) -> tuple[int, Answer]:
    faults: list[Fault] = list(text_faults("reason", body.reason, "say what you saw differently"))
    by_key = {
        criterion.key: (criterion_id, criterion)
        for criterion_id, criterion in meanings(session, [desk.rubric_version.id]).items()
    }
    if body.criterion not in by_key:
        raise BadInput("There is no such criterion.", faults=[Fault("schema", "choose one of the rubric", "criterion")])
    criterion_id, criterion = by_key[body.criterion]
    answer = checked_answer(criterion, body.score, "score", faults)
    own = session.get(Rating, (desk.task.project_id, criterion_id, desk.task.id, reviewer_id))
    if own is None:
        faults.append(Fault("schema", "was not asked for this item", "criterion"))
    elif answer == Answer(own.level, own.value):
        faults.append(Fault("schema", "is what you gave already; choose another", "score"))
    if faults or answer is None:
        raise BadInput("The correction is not complete.", faults=faults)
    return criterion_id, answer


def _next_occasion(session: Session, task: Task, reviewer_id: int, criterion_id: int) -> int:
    last = session.scalar(
        sa.select(sa.func.max(Correction.occasion)).where(
            Correction.project_id == task.project_id,
            Correction.task_id == task.id,
            Correction.reviewer_id == reviewer_id,
            Correction.criterion_id == criterion_id,
        )
    )
    return (last or 0) + 1


def answer_correction(
    session: Session,
    case_public_id: str,
    which: CorrectionKey,
    *,
    answer: CorrectionState,
    words: str = "",
    by: Account,
    at: datetime,
) -> None:
    """Accept a correction, or decline it with words that say why.

    The consensus then rests on an accepted one; the rating and the figures stay.

    An open case whose dispute it removes closes as corrected.

    Raises:
        NotFound: no such open correction in this case, or the account graded the item.
        BadInput: declined without a word.
    """
    if answer is CorrectionState.DECLINED or words:
        check_text("reason", words, "say why; the reviewer will read it")
    place = case_of(session, case_public_id)
    lock_own_member(session, place.project_id, by.id)
    admit(session, place, by.id)
    case = lock_case(session, place.project_id, place.task_id)
    correction = session.scalar(
        sa.select(Correction).where(
            Correction.project_id == place.project_id,
            Correction.task_id == place.task_id,
            Correction.reviewer_id == which.reviewer_id,
            Correction.criterion_id == which.criterion_id,
            Correction.occasion == which.occasion,
            Correction.state == CorrectionState.OPEN,
        )
    )
    if correction is None:
        raise NotFound
    correction.state = answer
    correction.settled_by_id = by.id
    correction.settled_at = at
    correction.answer = words.strip() or None
    session.flush()
    record(
        session,
        action=f"correction.{answer.value}",
        subject=("case", case.public_id),
        actor=by.public_id,
        at=at,
        chain=session.get_one(Project, place.project_id).public_id,
        payload={"criterion_id": which.criterion_id, "occasion": which.occasion},
    )
    open_cases(session, place.project_id, [place.task_id], at=at)
