"""Open a case where reviewers differ, and close it when they no longer do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseBacklog, CaseCriterion, CaseState, DecidedLevel
from evalhub.adjudication.schema import CORRECTION_FLAG
from evalhub.adjudication.service.disputes import Dispute, disputes_of, disputes_so_far
from evalhub.audit.service import record
from evalhub.db import Database, locked, new_public_id, now
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.review.models import Assignment, AssignmentState, Rating, Task
from evalhub.review.service.one_more import ask_one_more
from evalhub.web.session import after_commit, write

CHUNK = 500
BACKLOG_AFTER = timedelta(minutes=2)
"""How long an import is left to open its cases by itself."""
_of_task = (Rating.project_id == sa.bindparam("project_id"), Rating.task_id == sa.bindparam("task_id"))
MAY_CHANGE = sa.select(
    sa.or_(
        sa.exists(
            sa.select(Rating.criterion_id)
            .where(*_of_task)
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


def on_task_completed(session: Session, *, project_id: int, task_id: int) -> None:
    """Handler of `task_completed`; the sender holds the task's lock.

    Where the project says so, a task that would make a case goes to one more reviewer first, if there is any.
    """
    if not session.scalar(MAY_CHANGE, {"project_id": project_id, "task_id": task_id}):
        return
    disputes = disputes_of(session, project_id, [task_id])
    if not _goes_to_one_more(session, project_id, task_id, disputes):
        _fit(session, project_id, [task_id], disputes, at=now(session))


def _goes_to_one_more(session: Session, project_id: int, task_id: int, disputes: Mapping[int, Dispute]) -> bool:
    """Ask one more reviewer instead of opening a case; past ratings of the task, or a case of it, are too late."""
    if task_id not in disputes or not disputes[task_id].flags:
        return False
    if not rules_of(session.get_one(Project, project_id)).one_more:
        return False
    imported = sa.exists().where(
        Assignment.project_id == project_id,
        Assignment.task_id == task_id,
        Assignment.state == AssignmentState.IMPORTED,
    )
    if session.get(Case, (project_id, task_id)) is not None or session.scalar(sa.select(imported)):
        return False
    return ask_one_more(session, session.get_one(Task, (project_id, task_id)))


def on_standing_changed(session: Session, *, project_id: int, task_ids: Collection[int]) -> None:
    """Handler of `standing_changed`; the sender holds the tasks' locks.

    A case in which the answers that stand no longer differ is set aside, one in which they differ again is opened.
    None is made here: that waits for the last review.
    """
    cases = _locked_cases(session, project_id, task_ids)
    if not cases:
        return
    disputes, at = disputes_so_far(session, project_id, list(cases)), now(session)
    project = session.get_one(Project, project_id)
    for task_id, case in cases.items():
        dispute = disputes.get(task_id)
        if case.state is CaseState.DECIDED:
            continue
        if dispute is not None and dispute.flags:
            _update(session, project, case, dispute, at)
        elif case.state is CaseState.OPEN:
            _close(session, project, case, CaseState.SET_ASIDE, at)


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

    The caller has locked the tasks. A decided case stays as it is unless something else than what was decided is
    disputed by now, for a review that takes the place of a voided one may differ on that.
    """
    _fit(session, project_id, task_ids, disputes_of(session, project_id, task_ids), at=at)


def _fit(
    session: Session, project_id: int, task_ids: Collection[int], disputes: Mapping[int, Dispute], *, at: datetime
) -> None:
    """Have the cases of the tasks say what is disputed in them."""
    cases = _locked_cases(session, project_id, task_ids)
    project = session.get_one(Project, project_id)
    new = {task_id: dispute for task_id, dispute in disputes.items() if dispute.flags and task_id not in cases}
    _insert(session, project, new, at)
    for task_id, case in cases.items():
        dispute = disputes.get(task_id)
        if dispute is not None and case.state is CaseState.DECIDED:
            dispute = _beyond_decision(session, case, dispute)
        if dispute is not None:
            _update(session, project, case, dispute, at)


def _beyond_decision(session: Session, case: Case, dispute: Dispute) -> Dispute | None:
    """What is disputed with what was decided, so that one further decision answers it all; None where nothing else is.

    That somebody asks for a correction is answered in the decided case.
    """
    of_case = (DecidedLevel.project_id == case.project_id, DecidedLevel.task_id == case.task_id)
    decided = set(
        session.scalars(sa.select(DecidedLevel.criterion_id).where(*of_case, DecidedLevel.revision == case.revision))
    )
    if all(key in decided or set(flags) == {CORRECTION_FLAG} for key, flags in dispute.flags.items()):
        return None
    before = {key: flags for key, flags in _standing_flags(session, case).items() if key in decided}
    return Dispute({**before, **dispute.flags}, dispute.triage)


def _standing_flags(session: Session, case: Case) -> dict[int, tuple[str, ...]]:
    """The flags that the case tells of, by criterion id."""
    of_case = (CaseCriterion.project_id == case.project_id, CaseCriterion.task_id == case.task_id)
    return {row.criterion_id: tuple(row.flags) for row in session.scalars(sa.select(CaseCriterion).where(*of_case))}


def _locked_cases(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, Case]:
    """By task id."""
    of_tasks = sa.select(Case).where(Case.project_id == project_id, Case.task_id.in_(list(task_ids)))
    found = session.scalars(locked(of_tasks.order_by(Case.task_id)))
    return {case.task_id: case for case in found}


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
            _close(session, project, case, CaseState.CORRECTED, at)
        return
    this = (CaseCriterion.project_id == project.id, CaseCriterion.task_id == case.task_id)
    if case.state is CaseState.OPEN and _standing_flags(session, case) == dict(dispute.flags):
        return
    action = "case.updated" if case.state is CaseState.OPEN else "case.reopened"
    case.state = CaseState.OPEN
    case.closed_at = None
    case.triage = dispute.triage
    session.flush()
    session.execute(sa.delete(CaseCriterion).where(*this))
    session.execute(sa.insert(CaseCriterion), _criteria(project.id, case.task_id, dispute))
    _record(session, project, case.public_id, action=action, at=at, dispute=dispute)


def _close(session: Session, project: Project, case: Case, state: CaseState, at: datetime) -> None:
    case.state = state
    case.closed_at = at
    session.flush()
    _record(session, project, case.public_id, action=f"case.{state.value}", at=at)


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
