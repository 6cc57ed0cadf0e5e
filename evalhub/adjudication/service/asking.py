"""An adjudicator asks one more reviewer before deciding."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import CaseState
from evalhub.adjudication.queries.cases import case_of
from evalhub.adjudication.service.taking import exclude, exclude_onlookers, lock_case, lock_own_member
from evalhub.errors import Conflict
from evalhub.review.models import Task
from evalhub.review.queries.one_more import waits_for_one_more
from evalhub.review.service.one_more import ask_one_more


def ask_before_deciding(session: Session, case_public_id: str, *, by: Account) -> None:
    """Give the case's task to one more reviewer; the case stays open, and is judged anew when their review is in.

    Adjudicators and managers who also review are not the ones asked: the queue showed them how the answers lie.

    Raises:
        NotFound: no such case, or the account graded the item.
        Conflict: the case is closed, was given to one more already, or nobody is left who could come (`one_more`).
    """
    place = case_of(session, case_public_id)
    lock_own_member(session, place.project_id, by.id)
    exclude(session, place.project_id, place.task_id, by.id)
    case = lock_case(session, place.project_id, place.task_id)
    task = session.get_one(Task, (place.project_id, place.task_id), populate_existing=True)
    exclude_onlookers(session, place.project_id, place.task_id)
    if case.state is not CaseState.OPEN or not ask_one_more(session, task, actor=by.public_id):
        raise Conflict(
            "Nobody can be asked: the case is closed, one more was asked before, or none is left.", code="one_more"
        )


def refuse_while_waiting(session: Session, task: Task) -> None:
    """Let nobody decide what one more reviewer is about to be heard on.

    Raises:
        Conflict: the review is still to come (`one_more`).
    """
    this = (Task.project_id == task.project_id, Task.id == task.id)
    if session.scalar(sa.select(waits_for_one_more()).where(*this)):
        raise Conflict("One more reviewer was asked about this item; decide when their review is in.", code="one_more")
