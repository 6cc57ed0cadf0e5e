"""Attempts, their trials, and how the answers compare with the references."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.projects.models import Project
from evalhub.review.models import Assignment, AssignmentState, Rating, Task
from evalhub.rubrics.models import Criterion
from evalhub.stats.qualification import outcome
from evalhub.training.models import Attempt, Trial, Use
from evalhub.training.queries.references import criteria_of_version, references
from evalhub.training.schema.judging import Judged, Known, judged
from evalhub.training.schema.reference import Reference
from evalhub.training.schema.rules import StatedRule

GRADED = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One task of an attempt; `given` and `judged` only once it is submitted."""

    attempt_id: int
    task_id: int
    gold_id: int
    item_id: int
    assignment: str | None
    """Public id; None before it was handed out."""
    state: AssignmentState | None
    submitted_at: datetime | None
    given: dict[str, Known]
    reference: Reference
    judged: Judged | None

    @property
    def is_graded(self) -> bool:
        return self.judged is not None

    @property
    def is_passed_on(self) -> bool:
        return self.state is AssignmentState.SKIPPED


@dataclass(frozen=True, slots=True)
class Tally:
    """How far an attempt is."""

    right: int
    wrong: int
    """Graded and not right, or passed on."""
    left: int

    @property
    def done(self) -> int:
        return self.right + self.wrong


def tally(trials: Sequence[TrialLine]) -> Tally:
    right = sum(trial.judged is not None and trial.judged.is_right for trial in trials)
    wrong = sum((trial.judged is not None and not trial.judged.is_right) or trial.is_passed_on for trial in trials)
    return Tally(right, wrong, len(trials) - right - wrong)


def verdict(attempt: Attempt, score: Tally) -> bool | None:
    """Whether a qualification is passed; None while the items that are left can still decide."""
    return outcome(StatedRule.model_validate(attempt.rule).test, score.right, score.wrong)


def is_over(attempt: Attempt, score: Tally) -> bool:
    """Whether nothing is left of a practice, or the outcome of a qualification is fixed; gold never ends by itself."""
    if attempt.use is Use.QUALIFICATION:
        return verdict(attempt, score) is not None
    return attempt.use is Use.PRACTICE and score.left == 0


def left_open(session: Session) -> list[int]:
    """The attempts of all projects that are over and have not been ended, by id."""
    waiting = session.scalars(
        sa.select(Attempt).where(Attempt.ended_at.is_(None), Attempt.use != Use.GOLD).order_by(Attempt.id)
    ).all()
    by_project: dict[int, dict[int, Attempt]] = {}
    for attempt in waiting:
        by_project.setdefault(attempt.project_id, {})[attempt.id] = attempt
    found = []
    for project_id, attempts in by_project.items():
        lines: dict[int, list[TrialLine]] = {attempt_id: [] for attempt_id in attempts}
        for line in trials(session, project_id, attempts):
            lines[line.attempt_id].append(line)
        found += [attempt_id for attempt_id in attempts if is_over(attempts[attempt_id], tally(lines[attempt_id]))]
    return sorted(found)


def outdated_attempts(session: Session) -> Sequence[int]:
    """Practices and qualifications under way on a version that their project no longer uses."""
    return session.scalars(
        sa.select(Attempt.id)
        .join(Project, Project.id == Attempt.project_id)
        .where(
            Attempt.ended_at.is_(None),
            Attempt.use != Use.GOLD,
            Attempt.rubric_version_id != Project.rubric_version_id,
        )
        .order_by(Attempt.id)
    ).all()


def open_attempt(session: Session, project_id: int, account_id: int, use: Use) -> Attempt | None:
    """The attempt that the person is at, if any."""
    return session.scalar(
        sa.select(Attempt).where(
            Attempt.project_id == project_id,
            Attempt.account_id == account_id,
            Attempt.use == use,
            Attempt.ended_at.is_(None),
        )
    )


def attempts_of(session: Session, project_id: int, account_id: int, use: Use) -> list[Attempt]:
    """All attempts of the person, the last one first."""
    return list(
        session.scalars(
            sa.select(Attempt)
            .where(Attempt.project_id == project_id, Attempt.account_id == account_id, Attempt.use == use)
            .order_by(Attempt.number.desc())
        )
    )


def attempt_batches(session: Session, project_id: int) -> set[int | None]:
    """The batches of one person each, which no list of a project's work shows: among them is when gold was hidden."""
    return set(session.scalars(sa.select(Attempt.batch_id).where(Attempt.project_id == project_id)))


def attempt_named(session: Session, project_id: int, public_id: str) -> Attempt:
    """The attempt of that public id.

    Raises:
        NotFound: the project has none.
    """
    found = session.scalar(sa.select(Attempt).where(Attempt.project_id == project_id, Attempt.public_id == public_id))
    if found is None:
        raise NotFound("The project has no such attempt.")
    return found


def attempt_of_task(session: Session, project_id: int, task_id: int) -> Attempt | None:
    """The attempt that a task belongs to; None of work that is no training."""
    return session.scalar(
        sa.select(Attempt)
        .join(Trial, Trial.attempt_id == Attempt.id)
        .where(Trial.project_id == project_id, Trial.task_id == task_id)
    )


def trials_of(session: Session, attempt: Attempt) -> list[TrialLine]:
    """The trials of one attempt: what is graded in the order of its grading, then what waits in the queue's order."""
    return trials(session, attempt.project_id, [attempt.id])


def trials(session: Session, project_id: int, attempt_ids: Collection[int]) -> list[TrialLine]:
    """The trials of some attempts of a project, in the same order; a handful of statements for all."""
    rows = session.execute(
        sa.select(Trial, Attempt, Task.item_id, Assignment)
        .join(Attempt, Attempt.id == Trial.attempt_id)
        .join(Task, sa.and_(Task.project_id == Trial.project_id, Task.id == Trial.task_id))
        .outerjoin(
            Assignment,
            sa.and_(
                Assignment.project_id == Trial.project_id,
                Assignment.task_id == Trial.task_id,
                Assignment.reviewer_id == Attempt.account_id,
            ),
        )
        .where(Trial.project_id == project_id, Trial.attempt_id.in_(list(attempt_ids)))
        .order_by(Assignment.submitted_at.is_(None), Assignment.submitted_at, Task.ord, Task.id)
    ).all()
    given = _given(session, project_id, [trial.task_id for trial, _, _, _ in rows])
    known = references(session, {trial.gold_id for trial, _, _, _ in rows})
    judges = {attempt.id: _Judge(session, attempt) for _, attempt, _, _ in rows}
    return [
        judges[attempt.id].line(trial, item_id, row, given.get(trial.task_id, {}), known.get(trial.gold_id, {}))
        for trial, attempt, item_id, row in rows
    ]


class _Judge:
    """Holds the answers of an attempt against their references, by the rule that it began under."""

    def __init__(self, session: Session, attempt: Attempt) -> None:
        self.criteria = criteria_of_version(session, attempt.rubric_version_id)
        self.near = StatedRule.model_validate(attempt.rule).rule.near

    def line(
        self, trial: Trial, item_id: int, row: Assignment | None, given: dict[str, Known], reference: Reference
    ) -> TrialLine:
        is_graded = row is not None and row.state in GRADED
        known = {key: answer.known for key, answer in reference.items()}
        return TrialLine(
            attempt_id=trial.attempt_id,
            task_id=trial.task_id,
            gold_id=trial.gold_id,
            item_id=item_id,
            assignment=row.public_id if row else None,
            state=row.state if row else None,
            submitted_at=row.submitted_at if row else None,
            given=given if is_graded else {},
            reference=reference,
            judged=judged(self.criteria, given, known, near=self.near) if is_graded else None,
        )


def _given(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, dict[str, Known]]:
    """The ratings on tasks that one person alone grades, by task and criterion key."""
    rows = session.execute(
        sa.select(Rating.task_id, Criterion.key, Rating.level, Rating.value)
        .join(Criterion, Criterion.id == Rating.criterion_id)
        .where(Rating.project_id == project_id, Rating.task_id.in_(list(task_ids)))
    )
    found: dict[int, dict[str, Known]] = {}
    for task_id, key, level, value in rows:
        found.setdefault(task_id, {})[key] = Known(level, value)
    return found
