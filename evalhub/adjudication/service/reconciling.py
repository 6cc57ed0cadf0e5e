"""Those who graded an item answer its case again, each for themselves; where they agree, that is the decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, CaseState, Decision, ReconciledLevel, Reconciliation
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.queries.nobody import graders_of, reconciliation_of
from evalhub.adjudication.queries.reconciled import latest_of
from evalhub.adjudication.queries.reviewers import reviewers_of
from evalhub.adjudication.schema import DecisionBody, checked_scores
from evalhub.adjudication.service.asking import refuse_while_waiting
from evalhub.adjudication.service.decide import check_standing, disputed_criteria, settle
from evalhub.adjudication.service.exceptions import FEWEST
from evalhub.adjudication.service.taking import lock_case, lock_own_member
from evalhub.audit.service import record
from evalhub.calibration.schema.consensus import Answer
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Project
from evalhub.review.models import AssignmentState, Task
from evalhub.review.queries.assignments import desk_of, lock_assignment, lock_task


def reconcile(
    session: Session, assignment_public_id: str, body: DecisionBody, *, by: Account, at: datetime
) -> CaseState:
    """Keep what a grader answers now; the case is decided once the last answers of all who graded it agree.

    Returns:
        The state of the case: still open, or decided.

    Raises:
        NotFound: not theirs, or nobody asked them to reconcile.
        BadInput: incomplete or not fitting the rubric.
        Conflict: their review does not count (`not_submitted`), they have not looked at what the others gave
            (`not_shown`), somebody decided in between (`revision`), nothing is disputed any more (`corrected`), or a
            review is still to come (`one_more`).
    """
    desk = desk_of(session, assignment_public_id, by.id)
    place = CasePlace(desk.project.id, desk.task.id)
    lock_own_member(session, place.project_id, by.id)
    task = lock_task(session, place.project_id, place.task_id)
    assignment = lock_assignment(session, place.project_id, place.task_id, by.id)
    exception = reconciliation_of(session, place)
    if exception is None:
        raise NotFound
    if assignment.state is not AssignmentState.SUBMITTED:
        raise Conflict("Only those whose review counts settle the case.", code="not_submitted")
    if assignment.others_shown_at is None:
        raise Conflict("Look at what the others gave first.", code="not_shown")
    case = lock_case(session, place.project_id, place.task_id)
    check_standing(case, body.revision)
    refuse_while_waiting(session, task)
    disputed = disputed_criteria(session, task)
    answers = checked_scores({criterion.key: criterion for criterion in disputed.values()}, body)
    _keep(session, case, body, {criterion_id: answers[one.key] for criterion_id, one in disputed.items()}, by=by, at=at)
    agreed = _agreed(session, task, place, disputed)
    if agreed is not None:
        decision = _decision(session, case, body, exception.reason, by=by, at=at)
        settle(session, case, decision, agreed)
    return case.state


def _keep(
    session: Session, case: Case, body: DecisionBody, answers: Mapping[int, Answer], *, by: Account, at: datetime
) -> None:
    place = {"project_id": case.project_id, "task_id": case.task_id, "reviewer_id": by.id}
    of_theirs = sa.select(sa.func.max(Reconciliation.occasion)).filter_by(**place)
    place["occasion"] = (session.scalar(of_theirs) or 0) + 1
    session.add(
        Reconciliation(**place, reason=body.rationale.replace("\r\n", "\n").strip(), cause=body.cause, sent_at=at)
    )
    session.flush()
    session.add_all(
        ReconciledLevel(
            **place,
            criterion_id=criterion_id,
            **answer.columns(),
        )
        for criterion_id, answer in answers.items()
    )
    session.flush()
    record(
        session,
        action="case.reconcile_answered",
        subject=("case", case.public_id),
        actor=by.public_id,
        at=at,
        chain=session.get_one(Project, case.project_id).public_id,
        payload={"occasion": place["occasion"]},
    )


def _agreed(session: Session, task: Task, place: CasePlace, disputed: Mapping[int, object]) -> dict[int, Answer] | None:
    """The answers that all graders gave last; None while one is missing or differs."""
    graders, latest = graders_of(session, place), latest_of(session, place)
    sheets = [latest[grader].answers for grader in graders if grader in latest]
    if len(graders) < FEWEST or len(sheets) < len(graders):
        return None
    first = {criterion_id: sheets[0].get(criterion_id) for criterion_id in disputed}
    if any(sheet.get(criterion_id) != answer for sheet in sheets for criterion_id, answer in first.items()):
        return None
    return {criterion_id: answer for criterion_id, answer in first.items() if answer is not None}


def _decision(
    session: Session, case: Case, body: DecisionBody, exception: str, *, by: Account, at: datetime
) -> Decision:
    """What the graders said, each under their letter; the last to answer stands for them all."""
    place = CasePlace(case.project_id, case.task_id)
    latest, graders = latest_of(session, place), graders_of(session, place)
    who = [one for one in reviewers_of(session, case) if one.account_id in graders]
    said = [f"Reviewer {one.letter}: {latest[one.account_id].reason}" for one in who]
    return Decision(
        project_id=case.project_id,
        task_id=case.task_id,
        revision=case.revision + 1,
        rationale="\n\n".join(said),
        cause=body.cause,
        decided_by_id=by.id,
        decided_at=at,
        exception=f"Settled by its {len(graders)} reviewers together, because no adjudicator could: {exception}",
        idempotency_key=body.idempotency_key,
        request_sha256=body.request_sha256,
    )
