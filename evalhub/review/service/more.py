"""Have more items graded by two reviewers.

Which items is drawn at random, before anybody has looked whether reviewers differ on them. So the second review is as
much planned as the first: the plan itself is raised, and its ratings enter the figures. (A review that is asked for
*because* two differ takes a slot beyond the plan and enters none.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.models import AuditEvent
from evalhub.audit.service import record
from evalhub.db import Database, locked, now
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.queries import project_named
from evalhub.review.models import Task
from evalhub.review.queries.more import graded_and_waiting
from evalhub.review.schema import drawn
from evalhub.review.service.release import release
from evalhub.rubrics.models import Criterion
from evalhub.web.session import write

MOST_AT_ONCE = 1000
HANDED_OUT = "project.more_handed_out"


@dataclass(frozen=True, slots=True)
class HandedOut:
    """How many items get a second reviewer now, of those asked for; `seed` drew them."""

    asked: int
    given: int
    seed: int


def hand_out_more(
    database: Database, project: str, n: int, *, seed: int, by_id: int | None = None, criterion: str = ""
) -> HandedOut:
    """Draw n items that one reviewer grades, stratified by model and tags, and give each a second reviewer.

    Items that have their one review come first, since one more review makes each of them a pair. An item that is
    taken out or settled between the draw and its lock is left out and not replaced. The same seed again draws nothing
    more and gets the same answer, so a page makes the seed and two clicks hand out once.

    Args:
        by_id: the account that asks; None for the command line.
        criterion: key of the criterion whose figures are to become sharper, for the log.

    Raises:
        BadInput: n is not within 1 … 1000, or the project's rubric has no such criterion.
        Conflict: the project is closed, or no item is graded by one reviewer whom a second could follow.
    """
    if not 1 <= n <= MOST_AT_ONCE:
        raise BadInput(
            "That many items cannot be handed out at once.",
            faults=[Fault("schema", f"give a number from 1 to {MOST_AT_ONCE}", "n")],
        )
    with database.reading() as session:
        found = project_named(session, project)
        _check_criterion(session, found, criterion)
        given = _given_before(session, found, seed)
        if given is not None:
            return HandedOut(n, given, seed)
        if found.state is ProjectState.CLOSED:
            raise Conflict("The project is closed; reopen it before more items are handed out.", code="project_state")
        graded, waiting = graded_and_waiting(session, found)
    if not graded and not waiting:
        raise Conflict(
            "No item is left that one reviewer grades and a second could: nothing was handed out.", code="nothing_left"
        )
    chosen = drawn(graded, n, seed)
    chosen += drawn(waiting, n - len(chosen), seed) if len(chosen) < n else []
    raised = partial(_raise, project_id=found.id, chosen=chosen, asked=n, seed=seed, by_id=by_id, criterion=criterion)
    return HandedOut(n, write(raised, on=database), seed)


def _raise(
    session: Session,
    *,
    project_id: int,
    chosen: Sequence[int],
    asked: int,
    seed: int,
    by_id: int | None,
    criterion: str,
) -> int:
    """Plan one reviewer more for each of the tasks that still has one; how many those are."""
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    given = _given_before(session, project, seed)
    if given is not None:
        return given
    in_order = sa.select(Task).where(Task.project_id == project_id, Task.id.in_(chosen)).order_by(Task.id)
    found = session.scalars(locked(in_order).execution_options(populate_existing=True)).all()
    tasks = [task for task in found if task.need == task.slots == 1 and not task.held and task.settled_at is None]
    freed: dict[int, tuple[Task, int]] = {}
    for task in tasks:
        freed[task.id] = (task, 1 << task.slots)
        task.need += 1
        task.slots += 1
    session.flush()
    release(session, freed)
    by = session.get(Account, by_id) if by_id is not None else None
    record(
        session,
        action=HANDED_OUT,
        subject=("project", project.public_id),
        actor=by.public_id if by else "",
        at=now(session),
        chain=project.public_id,
        payload={"asked": asked, "criterion": criterion, "given": len(tasks), "seed": seed},
    )
    return len(tasks)


def _check_criterion(session: Session, project: Project, key: str) -> None:
    known = sa.select(Criterion.key).where(Criterion.rubric_version_id == project.rubric_version_id)
    if key and key not in session.scalars(known).all():
        raise BadInput(
            "There is no such criterion.", faults=[Fault("schema", f'the rubric has no criterion "{key}"', "criterion")]
        )


def _given_before(session: Session, project: Project, seed: int) -> int | None:
    """How many the draw with this seed gave when it was made; None where it was not."""
    bodies = session.scalars(
        sa.select(AuditEvent.body).where(
            AuditEvent.chain == project.public_id,
            AuditEvent.subject_type == "project",
            AuditEvent.subject_id == project.public_id,
            AuditEvent.action == HANDED_OUT,
        )
    )
    payloads = (json.loads(body)["payload"] for body in bodies)
    return next((int(payload["given"]) for payload in payloads if payload["seed"] == seed), None)
