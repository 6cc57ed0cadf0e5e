"""The cases of some tasks with their decisions and corrections, for whoever may read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion, Correction, DecidedLevel, Decision
from evalhub.adjudication.schema import CAUSE_WORDS, REASONS, answer_words
from evalhub.calibration.schema.consensus import Answer
from evalhub.reports.queries.shown_people import ShownPeople
from evalhub.reports.schema.explanation import CaseExplained, CorrectionExplained, DecisionExplained, GivenAnswer
from evalhub.rubrics.schema import Criterion

Criteria = Mapping[int, Criterion]


def cases_of(
    session: Session, project_id: int, task_ids: Sequence[int], criteria: Criteria, people: ShownPeople
) -> dict[int, CaseExplained]:
    """By task id; decisions and corrections the oldest first."""
    cases = session.scalars(sa.select(Case).where(Case.project_id == project_id, Case.task_id.in_(task_ids))).all()
    disputed = _disputed(session, project_id, task_ids, criteria)
    decisions = _decisions(session, project_id, task_ids, criteria, people)
    corrections = _corrections(session, project_id, task_ids, criteria, people)
    return {
        case.task_id: CaseExplained(
            case=case.public_id,
            state=case.state.value,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            disputed=disputed[case.task_id],
            decisions=decisions[case.task_id],
            corrections=corrections[case.task_id],
        )
        for case in cases
    }


def _disputed(
    session: Session, project_id: int, task_ids: Sequence[int], criteria: Criteria
) -> dict[int, list[GivenAnswer]]:
    found = defaultdict[int, list[GivenAnswer]](list)
    for row in session.scalars(
        sa.select(CaseCriterion)
        .where(CaseCriterion.project_id == project_id, CaseCriterion.task_id.in_(task_ids))
        .order_by(CaseCriterion.criterion_id)
    ):
        why = ", ".join(REASONS[flag] for flag in row.flags)
        found[row.task_id].append(GivenAnswer(title=criteria[row.criterion_id].title, answer=why, note=""))
    return found


def _decisions(
    session: Session, project_id: int, task_ids: Sequence[int], criteria: Criteria, people: ShownPeople
) -> dict[int, list[DecisionExplained]]:
    levels = defaultdict[tuple[int, int], list[GivenAnswer]](list)
    for row in session.scalars(
        sa.select(DecidedLevel)
        .where(DecidedLevel.project_id == project_id, DecidedLevel.task_id.in_(task_ids))
        .order_by(DecidedLevel.criterion_id)
    ):
        criterion = criteria[row.criterion_id]
        words = answer_words(criterion, Answer(row.level, row.value))
        levels[row.task_id, row.revision].append(GivenAnswer(title=criterion.title, answer=words, note=""))
    found = defaultdict[int, list[DecisionExplained]](list)
    for decision in session.scalars(
        sa.select(Decision)
        .where(Decision.project_id == project_id, Decision.task_id.in_(task_ids))
        .order_by(Decision.revision)
    ):
        found[decision.task_id].append(
            DecisionExplained(
                revision=decision.revision,
                by=people.name(decision.decided_by_id),
                at=decision.decided_at,
                cause=CAUSE_WORDS[decision.cause],
                rationale=decision.rationale,
                exception=decision.exception or "",
                answers=levels[decision.task_id, decision.revision],
            )
        )
    return found


def _corrections(
    session: Session, project_id: int, task_ids: Sequence[int], criteria: Criteria, people: ShownPeople
) -> dict[int, list[CorrectionExplained]]:
    found = defaultdict[int, list[CorrectionExplained]](list)
    for row in session.scalars(
        sa.select(Correction)
        .where(Correction.project_id == project_id, Correction.task_id.in_(task_ids))
        .order_by(Correction.sent_at, Correction.occasion)
    ):
        criterion = criteria[row.criterion_id]
        found[row.task_id].append(
            CorrectionExplained(
                who=people.name(row.reviewer_id),
                title=criterion.title,
                answer=answer_words(criterion, Answer(row.level, row.value)),
                reason=row.reason,
                state=row.state.value,
                sent_at=row.sent_at,
                said=row.answer or "",
            )
        )
    return found
