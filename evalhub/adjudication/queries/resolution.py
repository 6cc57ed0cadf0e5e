"""What became of an item, as one of its reviewers may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion, CaseState, Correction, Decision
from evalhub.adjudication.queries.outcomes import settled
from evalhub.adjudication.schema import Outcome
from evalhub.calibration.queries import is_complete, meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.errors import NotFound
from evalhub.review.models import Assignment, AssignmentState, Task
from evalhub.review.queries.assignments import GivenRating, given_ratings
from evalhub.rubrics.schema.models import Criterion

OWN = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)


@dataclass(frozen=True, slots=True)
class ResolvedCriterion:
    """My answer beside what the criterion came to; `outcome` is None until the item is complete."""

    criterion_id: int
    criterion: Criterion
    own: GivenRating
    outcome: Outcome | None
    is_disputed: bool
    corrections: Sequence[Correction]

    @property
    def differs(self) -> bool:
        """Whether it was settled on another answer than mine."""
        if self.outcome is None or self.outcome.state == "pending":
            return False
        return Answer(self.own.level, self.own.value) != Answer(self.outcome.rank, self.outcome.value)


@dataclass(frozen=True, slots=True)
class Resolution:
    """`state` is incomplete, in_adjudication or final; the decision is the one that stands."""

    state: str
    criteria: Sequence[ResolvedCriterion]
    decision: Decision | None


def resolution_of(session: Session, project_id: int, task_id: int, reviewer_id: int) -> Resolution:
    """What became of a task that the reviewer has graded, without anybody else's answers or names.

    It depends on others' work: the caller shows it only after `others_shown_at` was set.

    Raises:
        NotFound: the reviewer has no submitted review of it.
    """
    assignment = session.get(Assignment, (project_id, task_id, reviewer_id))
    if assignment is None or assignment.state not in OWN:
        raise NotFound
    this = (Task.project_id == project_id, Task.id == task_id)
    version_id, complete = session.execute(sa.select(Task.rubric_version_id, is_complete()).where(*this)).one()
    case = session.get(Case, (project_id, task_id))
    outcomes = settled(session, project_id, [task_id]).get(task_id, {}) if complete else {}
    disputed = _disputed(session, case)
    criteria = meanings(session, [version_id])
    own = given_ratings(session, project_id, task_id, [reviewer_id]).get(reviewer_id, [])
    corrections = corrections_of(session, project_id, task_id, reviewer_id)
    if not complete:
        state = "incomplete"
    else:
        state = "in_adjudication" if case is not None and case.state is CaseState.OPEN else "final"
    decision = session.get(Decision, (project_id, task_id, case.revision)) if case and case.revision else None
    return Resolution(
        state=state,
        criteria=[
            ResolvedCriterion(
                criterion_id=rating.criterion_id,
                criterion=criteria[rating.criterion_id],
                own=rating,
                outcome=outcomes.get(rating.criterion_id),
                is_disputed=rating.criterion_id in disputed,
                corrections=[row for row in corrections if row.criterion_id == rating.criterion_id],
            )
            for rating in own
        ],
        decision=decision,
    )


def _disputed(session: Session, case: Case | None) -> set[int]:
    if case is None or case.state is CaseState.CORRECTED:
        return set()
    return set(
        session.scalars(
            sa.select(CaseCriterion.criterion_id).where(
                CaseCriterion.project_id == case.project_id, CaseCriterion.task_id == case.task_id
            )
        )
    )


def corrections_of(
    session: Session, project_id: int, task_id: int, reviewer_id: int | None = None
) -> Sequence[Correction]:
    """The corrections asked for on a task, oldest first; of one reviewer where one is given."""
    statement = sa.select(Correction).where(Correction.project_id == project_id, Correction.task_id == task_id)
    if reviewer_id is not None:
        statement = statement.where(Correction.reviewer_id == reviewer_id)
    return session.scalars(statement.order_by(Correction.sent_at, Correction.occasion)).all()
