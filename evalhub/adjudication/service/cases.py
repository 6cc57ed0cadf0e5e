"""Open a case where reviewers differ, and close it when they no longer do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseBacklog, CaseCriterion, CaseState, Correction, CorrectionState
from evalhub.adjudication.queries.outcomes import ByCriterion, live_corrections, with_corrections
from evalhub.adjudication.schema import CORRECTION_FLAG, Given
from evalhub.audit.service import record
from evalhub.calibration.queries import answers_of_tasks, is_complete, meanings
from evalhub.calibration.schema.flags import Flag, Question, flags_of, triage
from evalhub.datasets.models import Item
from evalhub.db import Database, locked, new_public_id, now
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.projects.schema import Flags
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Rating, Task
from evalhub.web.session import after_commit, write

CHUNK = 500
BACKLOG_AFTER = timedelta(minutes=2)
"""How long an import is left to open its cases by itself."""
_of_task = (Rating.project_id == sa.bindparam("project_id"), Rating.task_id == sa.bindparam("task_id"))
MAY_CHANGE = sa.select(
    sa.or_(
        sa.exists(
            sa.select(Rating.criterion_id)
            .where(*_of_task, Rating.planned)
            .group_by(Rating.criterion_id)
            .having(
                sa.or_(
                    sa.func.count(sa.distinct(sa.func.coalesce(Rating.value, Rating.level))) > 1,
                    sa.func.count(sa.distinct(Rating.not_applicable)) > 1,
                )
            )
        ),
        sa.exists(
            sa.select(Case.task_id).where(
                Case.project_id == sa.bindparam("project_id"), Case.task_id == sa.bindparam("task_id")
            )
        ),
    )
)
"""Whether a task has two different answers to one criterion, or a case: else every flag is down and stays so."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """The flags of a task's disputed criteria, by criterion id, and its place in the queue."""

    flags: Mapping[int, tuple[str, ...]]
    triage: float


def on_task_completed(session: Session, *, project_id: int, task_id: int) -> None:
    """Handler of `task_completed`; the sender holds the task's lock."""
    if session.scalar(MAY_CHANGE, {"project_id": project_id, "task_id": task_id}):
        open_cases(session, project_id, [task_id], at=now(session))


def on_ratings_imported(session: Session, *, project_id: int) -> None:
    """Handler of `ratings_imported`: the cases are opened after the commit, so that no import holds up a submission.

    Until all are open the project stands in the backlog, so that the sweep goes on where a stopped process left off.
    """
    session.merge(CaseBacklog(project_id=project_id, since=now(session)))
    after_commit(session, partial(open_cases_of_past_ratings, project_id=project_id))


def open_cases_of_past_ratings(database: Database, *, project_id: int) -> None:
    """Open the cases that imported ratings make, some hundred tasks a transaction; doing it again changes nothing."""
    with database.reading() as session:
        task_ids = session.scalars(
            sa.select(Assignment.task_id)
            .where(Assignment.project_id == project_id, Assignment.state == AssignmentState.IMPORTED)
            .distinct()
            .order_by(Assignment.task_id)
        ).all()
    for start in range(0, len(task_ids), CHUNK):
        write(partial(_open_some, project_id=project_id, task_ids=task_ids[start : start + CHUNK]), on=database)
    write(
        lambda session: session.execute(sa.delete(CaseBacklog).where(CaseBacklog.project_id == project_id)),
        on=database,
    )


def finish_backlog(database: Database) -> None:
    """Open what a stopped process left; an import that is still at work is given time."""
    with database.reading() as session:
        due = session.scalars(
            sa.select(CaseBacklog.project_id).where(CaseBacklog.since < now(session) - BACKLOG_AFTER)
        ).all()
    for project_id in due:
        open_cases_of_past_ratings(database, project_id=project_id)


def _open_some(session: Session, *, project_id: int, task_ids: Collection[int]) -> None:
    this = sa.select(Task.id).where(Task.project_id == project_id, Task.id.in_(task_ids)).order_by(Task.id)
    session.scalars(locked(this)).all()
    open_cases(session, project_id, task_ids, at=now(session))


def open_cases(session: Session, project_id: int, task_ids: Collection[int], *, at: datetime) -> None:
    """Make the cases of complete tasks fit their ratings: open, update, or close as corrected.

    The caller has locked the tasks. Decided cases stay as they are.
    """
    disputes = disputes_of(session, project_id, task_ids)
    cases = {
        case.task_id: case
        for case in session.scalars(
            locked(
                sa.select(Case)
                .where(Case.project_id == project_id, Case.task_id.in_(list(task_ids)))
                .order_by(Case.task_id)
            )
        )
    }
    project = session.get_one(Project, project_id)
    new = {task_id: dispute for task_id, dispute in disputes.items() if dispute.flags and task_id not in cases}
    _insert(session, project, new, at)
    for task_id, case in cases.items():
        if task_id in disputes and case.state is not CaseState.DECIDED:
            _update(session, project, case, disputes[task_id], at)


def disputes_of(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, Dispute]:
    """What is disputed in each complete live task, taking accepted corrections for the answers."""
    rows = session.execute(
        sa.select(Task.id, Task.rubric_version_id)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(
            Task.project_id == project_id,
            Task.id.in_(list(task_ids)),
            Task.purpose.in_(COUNTED_PURPOSES),
            Item.withdrawn_at.is_(None),
            is_complete(),
        )
        .order_by(Task.id)
    ).all()
    ready = [row.id for row in rows]
    if not ready:
        return {}
    criteria = meanings(session, {row.rubric_version_id for row in rows})
    questions = {criterion_id: Question.of(criterion) for criterion_id, criterion in criteria.items()}
    raw = defaultdict[int, ByCriterion](dict)
    for given in answers_of_tasks(session, project_id, ready):
        raw[given.task_id].setdefault(given.criterion_id, []).append(Given(given.reviewer_id, given.answer))
    corrections = live_corrections(session, project_id, ready)
    answers = with_corrections(raw, corrections)
    asked_for = _asked_for(corrections)
    rules = rules_of(session.get_one(Project, project_id)).flags
    return {
        task_id: _dispute(questions, answers.get(task_id, {}), asked_for.get(task_id, set()), rules)
        for task_id in ready
    }


def _asked_for(corrections: Sequence[Correction]) -> dict[int, set[int]]:
    """The criteria of each task that wait for an answer to a correction."""
    found = defaultdict[int, set[int]](set)
    for row in corrections:
        if row.state is CorrectionState.OPEN:
            found[row.task_id].add(row.criterion_id)
    return found


def _dispute(questions: Mapping[int, Question], given: ByCriterion, asked_for: set[int], rules: Flags) -> Dispute:
    flags: dict[int, tuple[str, ...]] = {}
    disputed = []
    for criterion_id, answers in given.items():
        plain = [one.answer for one in answers]
        raised: tuple[Flag, ...] = flags_of(questions[criterion_id], plain, rules)
        also = (CORRECTION_FLAG,) if criterion_id in asked_for else ()
        if raised or also:
            flags[criterion_id] = (*(flag.value for flag in raised), *also)
            disputed.append((questions[criterion_id], plain, raised))
    return Dispute(flags, triage(disputed))


def _insert(session: Session, project: Project, disputes: Mapping[int, Dispute], at: datetime) -> None:
    if not disputes:
        return
    cases: list[dict[str, Any]] = [
        {
            "project_id": project.id,
            "task_id": task_id,
            "public_id": new_public_id(),
            "state": CaseState.OPEN,
            "triage": dispute.triage,
            "opened_at": at,
            "revision": 0,
        }
        for task_id, dispute in disputes.items()
    ]
    session.execute(sa.insert(Case), cases)
    session.execute(
        sa.insert(CaseCriterion),
        [row for task_id, dispute in disputes.items() for row in _criteria(project.id, task_id, dispute)],
    )
    for case in cases:
        _record(session, project, case["public_id"], action="case.opened", at=at, dispute=disputes[case["task_id"]])


def _criteria(project_id: int, task_id: int, dispute: Dispute) -> list[dict[str, Any]]:
    return [
        {"project_id": project_id, "task_id": task_id, "criterion_id": criterion_id, "flags": list(flags)}
        for criterion_id, flags in dispute.flags.items()
    ]


def _update(session: Session, project: Project, case: Case, dispute: Dispute, at: datetime) -> None:
    if not dispute.flags:
        if case.state is CaseState.OPEN:
            case.state = CaseState.CORRECTED
            case.closed_at = at
            session.flush()
            _record(session, project, case.public_id, action="case.corrected", at=at)
        return
    this = (CaseCriterion.project_id == project.id, CaseCriterion.task_id == case.task_id)
    standing = {row.criterion_id: tuple(row.flags) for row in session.scalars(sa.select(CaseCriterion).where(*this))}
    if case.state is CaseState.OPEN and standing == dict(dispute.flags):
        return
    action = "case.updated" if case.state is CaseState.OPEN else "case.reopened"
    case.state = CaseState.OPEN
    case.closed_at = None
    case.triage = dispute.triage
    session.flush()
    session.execute(sa.delete(CaseCriterion).where(*this))
    session.execute(sa.insert(CaseCriterion), _criteria(project.id, case.task_id, dispute))
    _record(session, project, case.public_id, action=action, at=at, dispute=dispute)


def _record(
    session: Session, project: Project, case: str, *, action: str, at: datetime, dispute: Dispute | None = None
) -> None:
    flags = {str(criterion_id): list(raised) for criterion_id, raised in dispute.flags.items()} if dispute else {}
    record(
        session,
        action=action,
        subject=("case", case),
        actor="",
        at=at,
        chain=project.public_id,
        payload={"flags": flags} if flags else None,
    )
