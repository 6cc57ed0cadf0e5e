"""What a reviewer does on the way to a certificate."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.errors import Conflict
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import About, EntryKind
from evalhub.inbox.service import send_entry
from evalhub.projects.models import Project, ProjectState
from evalhub.review.queries.assignments import desk_of
from evalhub.review.service.stopping import give_back_unbegun
from evalhub.training.models import Use
from evalhub.training.queries.attempts import open_attempt
from evalhub.training.queries.learning import in_hand
from evalhub.training.service.attempts import start_practice, start_qualification
from evalhub.training.service.results import end_without_result


class Beginning(NamedTuple):
    attempt_id: int
    given_back: str | None
    """Public id of the assignment that the person held, had not begun, and holds no more."""


def begin(session: Session, project_id: int, account_id: int, use: Use, *, at: datetime) -> Beginning:
    """Start a practice or a qualification, or go on with it, so that its items come next.

    What the person holds and has not begun goes back, unless the project is closed and would not hand it out again. A
    qualification ends the practice that is open.

    Raises:
        Conflict: it cannot be started (see `service.attempts`), or a qualification is under way (`qualifying`).
        Forbidden: the account is no active reviewer of the project.
    """
    if use is Use.PRACTICE:
        if open_attempt(session, project_id, account_id, Use.QUALIFICATION) is not None:
            raise Conflict("Finish the qualification first; after it you may practise again.", code="qualifying")
        attempt = start_practice(session, project_id, account_id, at=at)
    else:
        attempt = start_qualification(session, project_id, account_id, at=at)
    is_open = session.get_one(Project, project_id).state is ProjectState.OPEN
    is_in_the_way = is_open and in_hand(session, attempt) is None
    given_back = give_back_unbegun(session, project_id, account_id) if is_in_the_way else None
    practice = open_attempt(session, project_id, account_id, Use.PRACTICE)
    if use is Use.QUALIFICATION and practice is not None:
        end_without_result(session, practice.id)
    return Beginning(attempt.id, given_back)


def disagree(
    session: Session, assignment: str, reviewer_id: int, *, criterion: str | None, text: str, at: datetime
) -> InboxEntry:
    """Tell the owner of the rubric that a reference is wrong; the assignment is a practice review that was answered.

    Raises:
        NotFound: the assignment is missing, or somebody else's.
        BadInput: the text or the criterion does not fit.
        Conflict: too many of the reviewer's entries wait for an answer (`inbox_full`).
    """
    desk = desk_of(session, assignment, reviewer_id)
    return send_entry(
        session,
        rubric_version_id=desk.rubric_version.id,
        kind=EntryKind.DISAGREEMENT,
        text=text,
        criterion=criterion,
        about=About(desk.project.id, desk.item.dataset_id, desk.item.id, assignment),
        sender=session.get_one(Account, reviewer_id),
        at=at,
    )
