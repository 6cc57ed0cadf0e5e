"""Decide a case. Ratings stay as they are; a decision is revised by a further one, and all are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, CaseCriterion, CaseState, DecidedLevel, Decision
from evalhub.adjudication.queries.cases import case_of
from evalhub.adjudication.schema import DecisionBody, checked_scores
from evalhub.adjudication.service.asking import refuse_while_waiting
from evalhub.adjudication.service.taking import admit, lock_case, lock_own_member
from evalhub.audit.service import record
from evalhub.calibration.queries import meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.models import Project
from evalhub.review.models import Task
from evalhub.rubrics.schema.models import Criterion


@dataclass(frozen=True, slots=True)
class Decided:
    case: str
    revision: int
    is_replay: bool


def decide(session: Session, case_public_id: str, body: DecisionBody, *, by: Account, at: datetime) -> Decided:
    """Settle the disputed criteria of a case, taking it first where that was not done.

    The task's row is locked before the ratings are relied on: else they could be replaced just then.

    Raises:
        NotFound: no such case, or the account graded the item.
        BadInput: incomplete or not fitting the rubric; or the key came with another body (`idempotency_mismatch`).
        Conflict: somebody decided in between (`revision`), nothing is disputed any more (`corrected`), or the review
            of one more reviewer is still to come (`one_more`).
    """
    place = case_of(session, case_public_id)
    lock_own_member(session, place.project_id, by.id)
    exception = admit(session, place, by.id)
    case = lock_case(session, place.project_id, place.task_id)
    replayed = _replay(session, case, by, body)
    if replayed is not None:
        return replayed
    check_standing(case, body.revision)
    task = session.get_one(Task, (place.project_id, place.task_id))
    refuse_while_waiting(session, task)
    disputed = disputed_criteria(session, task)
    answers = checked_scores({criterion.key: criterion for criterion in disputed.values()}, body)
    decision = _decision(case, body, by, at)
    decision.exception = exception and f"Settled by a manager, because no adjudicator could: {exception}"
    settle(session, case, decision, {criterion_id: answers[one.key] for criterion_id, one in disputed.items()})
    return Decided(case.public_id, case.revision, is_replay=False)


def settle(session: Session, case: Case, decision: Decision, answers: Mapping[int, Answer]) -> None:
    """Store the next decision of a locked case, with an answer for each disputed criterion by id."""
    case.revision = decision.revision
    case.state = CaseState.DECIDED
    case.closed_at = decision.decided_at
    if case.taken_by_id is None:
        case.taken_by_id, case.taken_at = decision.decided_by_id, decision.decided_at
    session.get_one(Task, (case.project_id, case.task_id)).settled_at = decision.decided_at
    session.add(decision)
    session.flush()
    session.add_all(
        DecidedLevel(
            project_id=case.project_id,
            task_id=case.task_id,
            revision=case.revision,
            criterion_id=criterion_id,
            **answer.columns(),
        )
        for criterion_id, answer in answers.items()
    )
    session.flush()
    record(
        session,
        action="case.decided" if case.revision == 1 else "case.decision_revised",
        subject=("case", case.public_id),
        actor=session.get_one(Account, decision.decided_by_id).public_id,
        at=decision.decided_at,
        chain=session.get_one(Project, case.project_id).public_id,
        payload={
            "revision": case.revision,
            "cause": decision.cause.value,
            "sha256": decision.request_sha256,
            "exception": decision.exception is not None,
        },
    )


def disputed_criteria(session: Session, task: Task) -> dict[int, Criterion]:
    """The criteria in the task's case, by id, in the rubric's order."""
    ids = set(
        session.scalars(
            sa.select(CaseCriterion.criterion_id).where(
                CaseCriterion.project_id == task.project_id, CaseCriterion.task_id == task.id
            )
        )
    )
    found = meanings(session, [task.rubric_version_id])
    return {criterion_id: criterion for criterion_id, criterion in found.items() if criterion_id in ids}


def _replay(session: Session, case: Case, by: Account, body: DecisionBody) -> Decided | None:
    """The answer given before to the same request."""
    earlier = session.scalar(
        sa.select(Decision).where(
            Decision.project_id == case.project_id,
            Decision.decided_by_id == by.id,
            Decision.idempotency_key == body.idempotency_key,
        )
    )
    if earlier is None:
        return None
    if earlier.request_sha256 != body.request_sha256 or earlier.task_id != case.task_id:
        message = "this idempotency key was used with another decision; make a new key for a new one"
        raise BadInput(
            "The idempotency key was used before.", faults=[Fault("idempotency_mismatch", message, "idempotency_key")]
        )
    return Decided(case.public_id, earlier.revision, is_replay=True)


def check_standing(case: Case, revision: int) -> None:
    """Let nobody decide on what has changed since they looked.

    Raises:
        Conflict: nothing is disputed any more (`corrected`), or somebody decided in between (`revision`).
    """
    if case.state.has_nothing_to_settle:
        raise Conflict("Nothing is disputed in this case any more; there is nothing to decide.", code="corrected")
    if case.revision != revision:
        raise Conflict(
            "Somebody has decided this case in the meantime. Load it again, read their rationale, and decide anew if "
            "you still differ.",
            code="revision",
        )


def _decision(case: Case, body: DecisionBody, by: Account, at: datetime) -> Decision:
    return Decision(
        project_id=case.project_id,
        task_id=case.task_id,
        revision=case.revision + 1,
        rationale=body.rationale.replace("\r\n", "\n").strip(),
        cause=body.cause,
        decided_by_id=by.id,
        decided_at=at,
        idempotency_key=body.idempotency_key,
        request_sha256=body.request_sha256,
    )
