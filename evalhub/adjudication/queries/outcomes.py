"""What the criteria of items came to: the consensus of their answers, unless a case is open or was decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import (
    Case,
    CaseCriterion,
    CaseState,
    Correction,
    CorrectionState,
    DecidedLevel,
    Decision,
)
from evalhub.adjudication.schema import ADJUDICATED, Given, Outcome, level_counts, shared_answers
from evalhub.calibration.queries import answers_of_tasks, meanings
from evalhub.calibration.schema.consensus import Answer, ConsensusState, consensus
from evalhub.review.models import Assignment, AssignmentState, Task
from evalhub.rubrics.schema.models import Criterion

ByCriterion = dict[int, list[Given]]


@dataclass(frozen=True, slots=True)
class Settlement:
    """One criterion of the decision that stands."""

    answer: Answer
    adjudicator_id: int
    rationale: str
    n_decisions: int


def settled(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, dict[int, Outcome]]:
    """The outcome of every rated criterion of some tasks, by task id and criterion id; six statements.

    A decision overrides the rule. While a case is open its disputed criteria are pending whatever the rule gives.
    The consensus rests on accepted corrections, `counts` and `agreement` on the ratings as they were given. A task
    without a counted rating has no outcome.
    """
    listed = sorted(set(task_ids))
    raw = defaultdict[int, ByCriterion](dict)
    for given in answers_of_tasks(session, project_id, listed):
        raw[given.task_id].setdefault(given.criterion_id, []).append(Given(given.reviewer_id, given.answer))
    corrected = with_corrections(raw, live_corrections(session, project_id, listed))
    open_criteria = _open_criteria(session, project_id, listed)
    decided = _decided(session, project_id, listed)
    versions = session.scalars(
        sa.select(Task.rubric_version_id).where(Task.project_id == project_id, Task.id.in_(listed)).distinct()
    )
    criteria = meanings(session, versions)
    return {
        task_id: {
            criterion_id: _outcome(
                criteria[criterion_id],
                raw[task_id][criterion_id],
                corrected[task_id][criterion_id],
                decided.get((task_id, criterion_id)),
                is_open=(task_id, criterion_id) in open_criteria,
            )
            for criterion_id in criteria
            if criterion_id in by_criterion
        }
        for task_id, by_criterion in sorted(raw.items())
    }


def live_corrections(session: Session, project_id: int, task_ids: Collection[int]) -> Sequence[Correction]:
    """The corrections that were accepted or wait for an answer, the oldest first; those of voided reviews are moot."""
    is_voided = sa.exists().where(
        Assignment.project_id == Correction.project_id,
        Assignment.task_id == Correction.task_id,
        Assignment.reviewer_id == Correction.reviewer_id,
        Assignment.state == AssignmentState.VOIDED,
    )
    return session.scalars(
        sa.select(Correction)
        .where(
            ~is_voided,
            Correction.project_id == project_id,
            Correction.task_id.in_(list(task_ids)),
            Correction.state != CorrectionState.DECLINED,
        )
        .order_by(Correction.occasion)
    ).all()


def with_corrections(raw: dict[int, ByCriterion], corrections: Sequence[Correction]) -> dict[int, ByCriterion]:
    """The answers, each with its last accepted correction in its place."""
    accepted = {
        (row.task_id, row.criterion_id, row.reviewer_id): Answer(row.level, row.value)
        for row in corrections
        if row.state is CorrectionState.ACCEPTED
    }
    if not accepted:
        return raw
    return {
        task_id: {
            criterion_id: [
                Given(given.reviewer_id, accepted.get((task_id, criterion_id, given.reviewer_id), given.answer))
                for given in answers
            ]
            for criterion_id, answers in by_criterion.items()
        }
        for task_id, by_criterion in raw.items()
    }


def _open_criteria(session: Session, project_id: int, task_ids: list[int]) -> set[tuple[int, int]]:
    rows = session.execute(
        sa.select(CaseCriterion.task_id, CaseCriterion.criterion_id)
        .join(Case, sa.and_(Case.project_id == CaseCriterion.project_id, Case.task_id == CaseCriterion.task_id))
        .where(Case.project_id == project_id, Case.task_id.in_(task_ids), Case.state == CaseState.OPEN)
    )
    return {(task_id, criterion_id) for task_id, criterion_id in rows}


def _decided(session: Session, project_id: int, task_ids: list[int]) -> dict[tuple[int, int], Settlement]:
    rows = session.execute(
        sa.select(DecidedLevel, Decision)
        .join(
            Decision,
            sa.and_(
                Decision.project_id == DecidedLevel.project_id,
                Decision.task_id == DecidedLevel.task_id,
                Decision.revision == DecidedLevel.revision,
            ),
        )
        .join(
            Case,
            sa.and_(
                Case.project_id == Decision.project_id,
                Case.task_id == Decision.task_id,
                Case.revision == Decision.revision,
            ),
        )
        .where(Case.project_id == project_id, Case.task_id.in_(task_ids), Case.state == CaseState.DECIDED)
    )
    return {
        (row.task_id, row.criterion_id): Settlement(
            Answer(row.level, row.value), decision.decided_by_id, decision.grounds, decision.revision
        )
        for row, decision in rows
    }


def _outcome(
    criterion: Criterion,
    raw: list[Given],
    corrected: list[Given],
    decided: Settlement | None,
    *,
    is_open: bool,
) -> Outcome:
    answers = [given.answer for given in raw]
    found = consensus(criterion.scale.value, [given.answer for given in corrected])
    state, method, answer = found.state.value, found.method.value, Answer(found.rank, found.value)
    if decided is not None:
        is_out = decided.answer.is_not_applicable
        state = (ConsensusState.NOT_APPLICABLE if is_out else ConsensusState.RATED).value
        method, answer = ADJUDICATED, decided.answer
    elif is_open:
        state, method, answer = ConsensusState.PENDING.value, "", Answer()
    return Outcome(
        criterion=criterion.key,
        state=state,
        rank=answer.rank,
        level=None if answer.rank is None else criterion.levels[answer.rank].key,
        value=answer.value,
        method=method,
        n_ratings=len(answers),
        counts=level_counts(criterion, answers),
        agreement=shared_answers(answers),
        adjudicator_id=decided.adjudicator_id if decided else None,
        rationale=decided.rationale if decided else "",
        n_decisions=decided.n_decisions if decided else 0,
    )
