"""Which case an adjudicator goes on to."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries.cases import has_of_item, is_blind
from evalhub.adjudication.queries.filtered import is_sent_back
from evalhub.adjudication.queries.listing import IN_TRIAGE_ORDER
from evalhub.review.models import Assignment, SkipReason, Task
from evalhub.review.queries.one_more import waits_for_one_more


def next_case(session: Session, project_id: int, account_id: int) -> Case | None:
    """The most urgent open case that the account may decide now; None where nothing is left for it.

    It is taken by nobody else and waits for no review, and the account neither graded its item nor stands aside from
    it for a conflict of interest.
    """
    stands_aside = has_of_item(account_id, Assignment.skip_reason == SkipReason.CONFLICT_OF_INTEREST)
    order = [column.desc() if descends else column.asc() for column, descends in IN_TRIAGE_ORDER]
    return session.scalar(
        sa.select(Case)
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .where(
            Case.project_id == project_id,
            Case.state == CaseState.OPEN,
            sa.or_(Case.taken_by_id.is_(None), Case.taken_by_id == account_id),
            ~is_sent_back(),
            ~waits_for_one_more(),
            ~is_blind(account_id),
            ~stands_aside,
        )
        .order_by(*order)
        .limit(1)
    )
