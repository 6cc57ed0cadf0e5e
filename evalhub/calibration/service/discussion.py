"""Let people talk about the items of a closed round, and keep what they then know out of later work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.calibration.models import CalibrationRound
from evalhub.calibration.queries.discussion import own_discussed, tasks_of_the_same_items
from evalhub.db import locked, new_public_id, now
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Member, Project
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, Task


def show_discussion(session: Session, round_: CalibrationRound, *, by: Account, at: datetime) -> None:
    """Note that somebody who graded every discussed item of a closed round is about to see what all answered.

    They are never given these items again in the project's own work, where they would not grade them afresh, and can
    no longer reopen what they gave on them there. Nothing of the discussion may be shown before this is committed.

    Raises:
        NotFound: the round is open, or they did not grade every discussed item.
        Conflict: they hold one of the items in the project right now.
    """
    member = sa.select(Member.account_id).where(Member.project_id == round_.project_id, Member.account_id == by.id)
    session.scalars(locked(member)).one()
    own = own_discussed(session, round_, by.id)
    if not own:
        raise NotFound
    if all(assignment.others_shown_at is not None for assignment in own):
        return
    _keep_out_of_later_work(session, round_.project_id, [assignment.task_id for assignment in own], by.id)
    for assignment in own:
        assignment.others_shown_at = now(session)
    session.flush()
    record(
        session,
        action="round.discussed",
        subject=("round", round_.public_id),
        actor=by.public_id,
        at=at,
        chain=session.get_one(Project, round_.project_id).public_id,
        payload={"items": len(own)},
    )


def _keep_out_of_later_work(session: Session, project_id: int, task_ids: Sequence[int], account_id: int) -> None:
    """The tasks are locked in order of id: an expired lease may be turned into a late submission just then."""
    others = tasks_of_the_same_items(session, project_id, task_ids)
    session.scalars(
        locked(sa.select(Task.id).where(Task.project_id == project_id, Task.id.in_(others)).order_by(Task.id))
    ).all()
    rows = session.scalars(
        sa.select(Assignment)
        .where(
            Assignment.project_id == project_id, Assignment.task_id.in_(others), Assignment.reviewer_id == account_id
        )
        .execution_options(populate_existing=True)
    ).all()
    if any(row.state in IN_WORK for row in rows):
        raise Conflict("You hold one of these items in the project; submit or skip it first.", code="lease")
    moment = now(session)
    for row in rows:
        row.others_shown_at = row.others_shown_at or moment
        if row.state is AssignmentState.EXPIRED:
            row.state = AssignmentState.EXCLUDED
    session.add_all(
        Assignment(
            project_id=project_id,
            task_id=task_id,
            reviewer_id=account_id,
            public_id=new_public_id(),
            state=AssignmentState.EXCLUDED,
            others_shown_at=moment,
        )
        for task_id in sorted(set(others) - {row.task_id for row in rows})
    )
    session.flush()
