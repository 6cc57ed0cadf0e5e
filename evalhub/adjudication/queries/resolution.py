"""What became of an item, as one of its reviewers may see it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion, CaseState, Correction, Decision, ResolutionAnswer
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.queries.nobody import reconciliation_of
from evalhub.adjudication.queries.outcomes import settled
from evalhub.adjudication.schema import Outcome
from evalhub.calibration.queries import is_complete, meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.errors import NotFound
from evalhub.projects.models import Project
from evalhub.review.models import Assignment, AssignmentState, Purpose, Task
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
    """`state` is incomplete, in_adjudication or final; hidden until the reviewer has asked for it.

    The decisions come newest first: the first stands, as long as the case is decided.
    """

    state: str
    criteria: Sequence[ResolvedCriterion]
    decisions: Sequence[Decision]
    answers: Mapping[int, ResolutionAnswer]
    """What the reviewer answered, by the decision's revision."""
    is_asked_to_reconcile: bool

    @property
    def may_answer(self) -> bool:
        """Whether the decision that stands waits for the reviewer's one answer."""
        return self.state == "final" and bool(self.decisions) and self.decisions[0].revision not in self.answers


def own_review_of(session: Session, project_id: int, task_id: int, reviewer_id: int) -> Resolution:
    """What the reviewer gave themselves, and nothing that depends on others' work.

    Raises:
        NotFound: the reviewer has no submitted review of it.
    """
    _check_own(session, project_id, task_id, reviewer_id)
    criteria = _criteria(session, project_id, task_id, reviewer_id, outcomes={}, disputed=())
    return Resolution("hidden", criteria, [], {}, is_asked_to_reconcile=False)


def resolution_of(session: Session, project_id: int, task_id: int, reviewer_id: int) -> Resolution:
    """What became of a task that the reviewer has graded, without anybody else's answers or names.

    It depends on others' work: the caller shows it only after `others_shown_at` was set.

    Raises:
        NotFound: the reviewer has no submitted review of it.
    """
    _check_own(session, project_id, task_id, reviewer_id)
    complete = seems_complete(session, project_id, task_id)
    case = session.get(Case, (project_id, task_id))
    outcomes = settled(session, project_id, [task_id]).get(task_id, {}) if complete else {}
    if not complete:
        state = "incomplete"
    else:
        state = "in_adjudication" if case is not None and case.state is CaseState.OPEN else "final"
    return Resolution(
        state=state,
        criteria=_criteria(
            session, project_id, task_id, reviewer_id, outcomes=outcomes, disputed=_disputed(session, case)
        ),
        decisions=_decisions(session, project_id, task_id),
        answers=_answers(session, project_id, task_id, reviewer_id),
        is_asked_to_reconcile=case is not None
        and case.state is CaseState.OPEN
        and reconciliation_of(session, CasePlace(project_id, task_id)) is not None,
    )


def seems_complete(session: Session, project_id: int, task_id: int) -> bool:
    """Whether no review is outstanding; of a gold item, which one person grades, whether none would be of a live one.

    Where all live items want several reviewers, it would stand out by being settled at once.
    """
    task, project = session.get_one(Task, (project_id, task_id)), session.get_one(Project, project_id)
    if task.purpose is Purpose.GOLD and project.overlap_base > 1:
        return False
    return bool(session.scalar(sa.select(is_complete()).where(Task.project_id == project_id, Task.id == task_id)))


def _check_own(session: Session, project_id: int, task_id: int, reviewer_id: int) -> None:
    assignment = session.get(Assignment, (project_id, task_id, reviewer_id))
    if assignment is None or assignment.state not in OWN:
        raise NotFound


def _criteria(
    session: Session,
    project_id: int,
    task_id: int,
    reviewer_id: int,
    *,
    outcomes: Mapping[int, Outcome],
    disputed: Collection[int],
) -> list[ResolvedCriterion]:
    version_id = session.get_one(Task, (project_id, task_id)).rubric_version_id
    criteria = meanings(session, [version_id])
    own = given_ratings(session, project_id, task_id, [reviewer_id]).get(reviewer_id, [])
    corrections = corrections_of(session, project_id, task_id, reviewer_id)
    return [
        ResolvedCriterion(
            criterion_id=rating.criterion_id,
            criterion=criteria[rating.criterion_id],
            own=rating,
            outcome=outcomes.get(rating.criterion_id),
            is_disputed=rating.criterion_id in disputed,
            corrections=[row for row in corrections if row.criterion_id == rating.criterion_id],
        )
        for rating in own
    ]


def _decisions(session: Session, project_id: int, task_id: int) -> Sequence[Decision]:
    return session.scalars(
        sa.select(Decision)
        .where(Decision.project_id == project_id, Decision.task_id == task_id)
        .order_by(Decision.revision.desc())
    ).all()


def _answers(session: Session, project_id: int, task_id: int, reviewer_id: int) -> dict[int, ResolutionAnswer]:
    rows = session.scalars(
        sa.select(ResolutionAnswer).where(
            ResolutionAnswer.project_id == project_id,
            ResolutionAnswer.task_id == task_id,
            ResolutionAnswer.reviewer_id == reviewer_id,
        )
    )
    return {row.revision: row for row in rows}


def _disputed(session: Session, case: Case | None) -> set[int]:
    if case is None or case.state.has_nothing_to_settle:
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
