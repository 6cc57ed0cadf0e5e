"""Take up another version of a project's rubric half way.

What nobody has touched moves to it. What was begun stays on its version until it is done, so that the answers to one
task are answers to the same questions; what the new version asks besides is asked in a task of its own, of all those
items, of some drawn at random, or of none (`regrade.py`). So no answer ever changes its question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.db import Database, locked, now
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.queries import rules_of
from evalhub.review.models import COUNTED_PURPOSES, Adoption, Purpose, Task
from evalhub.review.queries.adoption import version_to_adopt
from evalhub.review.queries.unanswered import is_begun, questions
from evalhub.review.schema import Changed
from evalhub.review.service.regrade import make_regrades
from evalhub.review.service.tasks import refresh_eligibility
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.web.session import write

CHUNK = 1000
AT_ONCE = 5000
"""Tasks of a project that a page may wait for."""
SUPERSEDED = "superseded by another version of the rubric"
"""Why a regrade task is held that nobody had begun when the question changed again."""


@dataclass(frozen=True, slots=True)
class AdoptionRequest:
    """Which version is taken up, what becomes of graded items, and why."""

    version: int
    changed: Changed
    reason: str
    sample_size: int | None = None
    """Of a sample alone: how many items."""
    by_id: int | None = None
    """The account that asks; None for the command line."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came of it; while tasks are still to follow nothing is known of regrades."""

    public_id: str
    regrades: int
    is_complete: bool


def adopt(database: Database, project_id: int, request: AdoptionRequest) -> Adopted:
    """Have a project use another version of its rubric from now on.

    The version changes at once; tasks follow a thousand a transaction, and regrade tasks are handed out when all are
    there. What has many tasks is left to the sweep, which also goes on where one was stopped half-way.

    Raises:
        NotFound: the rubric has no such version.
        BadInput: no reason, or a sample without its size.
        Conflict: the project is closed, uses this version already or is still taking one up, or nothing could pass.
    """
    adoption_id = begin_adoption(database, project_id, request)
    with database.reading() as session:
        adoption = session.get_one(Adoption, adoption_id)
        if _n_tasks(session, project_id) > AT_ONCE:
            return Adopted(adoption.public_id, 0, is_complete=False)
    return go_on(database, adoption_id)


def begin_adoption(database: Database, project_id: int, request: AdoptionRequest) -> int:
    """Change the version alone, for whoever goes on at once; the id of the adoption. Raises what `adopt` does."""
    check_request(request)
    return write(partial(_begin, project_id=project_id, request=request), on=database)


def go_on(database: Database, adoption_id: int) -> Adopted:
    """Finish an adoption that was begun; doing it twice, or by two at once, does no harm."""
    place: int | None = 0
    while place is not None:
        place = write(partial(_move_some, adoption_id=adoption_id, after=place), on=database)
    n_regrades = make_regrades(database, adoption_id)
    with database.reading() as session:
        return Adopted(session.get_one(Adoption, adoption_id).public_id, n_regrades, is_complete=True)


def finish_adoptions(database: Database) -> None:
    """Go on with adoptions that a stopped process left half done."""
    with database.reading() as session:
        running = session.scalars(sa.select(Adoption.id).where(Adoption.completed_at.is_(None))).all()
    for adoption_id in running:
        go_on(database, adoption_id)


def _n_tasks(session: Session, project_id: int) -> int:
    counted = (Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES))
    return session.scalar(sa.select(sa.func.count()).where(*counted)) or 0


def check_request(request: AdoptionRequest) -> None:
    """Refuse what fits no project.

    Raises:
        BadInput: no reason, or a sample without its size.
    """
    faults = []
    if not request.reason.strip():
        faults.append(Fault("schema", "say why; it is kept for good", "reason"))
    if request.changed is Changed.SAMPLE and (request.sample_size or 0) < 1:
        faults.append(Fault("schema", "a sample needs a number of items, at least 1", "n"))
    if request.changed is not Changed.SAMPLE and request.sample_size is not None:
        faults.append(Fault("schema", "only a sample has a number of items; leave it out", "n"))
    if faults:
        raise BadInput("The version cannot be taken up as asked.", faults=faults)


def _begin(session: Session, *, project_id: int, request: AdoptionRequest) -> int:
    """Change the project's version; the id of the adoption."""
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    version = version_to_adopt(session, project, request.version)
    _check_possible(session, project, version)
    adoption = Adoption(
        project_id=project.id,
        from_version_id=project.rubric_version_id,
        to_version_id=version.id,
        changed=request.changed,
        sample_size=request.sample_size,
        reason=request.reason.strip(),
        by_id=request.by_id,
        at=now(session),
    )
    session.add(adoption)
    before = session.get_one(RubricVersion, project.rubric_version_id).number
    project.rubric_version_id = version.id
    session.flush()
    refresh_eligibility(session, project.id)
    by = session.get(Account, request.by_id) if request.by_id is not None else None
    record(
        session,
        action="project.rubric_adopted",
        subject=("project", project.public_id),
        actor=by.public_id if by else "",
        at=adoption.at,
        chain=project.public_id,
        payload={
            "adoption": adoption.public_id,
            "from": before,
            "to": version.number,
            "changed": request.changed.value,
            "sample": request.sample_size or 0,
        },
    )
    return adoption.id


def _check_possible(session: Session, project: Project, version: RubricVersion) -> None:
    if project.state is ProjectState.CLOSED:
        raise Conflict("The project is closed; reopen it before it takes up another version.", code="project_state")
    if version.id == project.rubric_version_id:
        raise Conflict(f"The project uses version {version.number} already.", code="rubric_version")
    running = sa.select(Adoption.id).where(Adoption.project_id == project.id, Adoption.completed_at.is_(None))
    if session.scalar(running) is not None:
        raise Conflict("The project is still taking up a version; try again in a minute.", code="adoption_running")
    rules = rules_of(project)
    if rules.flags.pass_flip and rules.applied_to(rubric_of(version)).pass_rule is None:
        raise Conflict(
            f"By version {version.number} nothing can pass or fail, but the project opens cases where reviewers differ"
            " on it; take up a version with a pass rule.",
            code="no_pass_rule",
        )


def _move_some(session: Session, *, adoption_id: int, after: int) -> int | None:
    """Move the untouched ones of the next thousand tasks.

    Tasks are locked first and looked at in statements of their own, which see what a claim wrote while it was waited
    for. The two of a pair move together.

    Returns:
        The id of the last task looked at; None when there is none left.
    """
    adoption = session.get_one(Adoption, adoption_id)
    project_id = adoption.project_id
    counted = (Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES))
    nearby = session.execute(
        sa.select(Task.id, Task.partner_id).where(*counted, Task.id > after).order_by(Task.id).limit(CHUNK)
    ).all()
    if not nearby:
        return None
    ids = {row.id for row in nearby} | {row.partner_id for row in nearby if row.partner_id is not None}
    in_order = sa.select(Task).where(Task.project_id == project_id, Task.id.in_(ids)).order_by(Task.id)
    tasks = session.scalars(locked(in_order).execution_options(populate_existing=True)).all()
    untouched = set(
        session.scalars(sa.select(Task.id).where(Task.project_id == project_id, Task.id.in_(ids), ~is_begun()))
    )
    _move(session, [task for task in tasks if task.id in untouched], adoption.to_version_id)
    return int(nearby[-1].id)


def _move(session: Session, tasks: Sequence[Task], version_id: int) -> None:
    """Live tasks ask by the version from now on; a regrade whose questions it does not ask is held."""
    still_asked = questions(rubric_of(session.get_one(RubricVersion, version_id)))
    for task in tasks:
        if task.purpose is Purpose.LIVE:
            task.rubric_version_id = version_id
            continue
        own = rubric_of(session.get_one(RubricVersion, task.rubric_version_id)).only(task.criteria)
        if not task.held and not questions(own) <= still_asked:
            task.held, task.held_reason, task.is_open = True, SUPERSEDED, False
    session.flush()
