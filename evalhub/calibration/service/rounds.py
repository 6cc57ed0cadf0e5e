"""Make and close calibration rounds: the same items graded by everybody, apart from the project's figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.calibration.models import CalibrationRound, RoundItem, RoundState
from evalhub.calibration.queries.round_items import items_of_round, items_on_offer
from evalhub.calibration.queries.rounds import human_reviewers, panel_ids, round_of
from evalhub.calibration.schema.rounds import FEWEST_REVIEWERS, NewRound, discussed_groups
from evalhub.calibration.service.round_items import chosen_items
from evalhub.db import Database, locked, now
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.queries import project_named
from evalhub.projects.schema import MOST_REVIEWERS
from evalhub.review.models import Purpose, Task
from evalhub.review.service.panels import PanelWork, close_panel, open_panel
from evalhub.rubrics.models import RubricVersion
from evalhub.web.session import write


@dataclass(frozen=True, slots=True)
class _Plan:
    """A checked round on its way into the database; ids only, because storing it may run twice."""

    project_id: int
    new: NewRound
    rubric_version_id: int
    follows_id: int | None
    discussed: dict[int, bool]
    """By item id."""
    discussed_share: float
    reviewer_ids: Sequence[int]


def create_round(database: Database, project: str, new: NewRound, *, by_id: int | None = None) -> str:
    """Hand out a round before everything else, to everybody who grades it.

    A round that follows another has its items, those talked about among them, and where nobody is named its reviewers
    as far as they are still there.

    Returns:
        The round's public id.

    Raises:
        BadInput: with every fault: the name, the items, the reviewers, the share or the version.
        Conflict: the project is closed, the round to follow is still open, or another open round has the name.
        NotFound: there is no such project or round to follow.
    """
    with database.reading() as session:
        plan = _planned(session, project_named(session, project), new)
    return write(partial(_store, plan=plan, by_id=by_id), on=database)


def _planned(session: Session, project: Project, new: NewRound) -> _Plan:
    if project.state is ProjectState.CLOSED:
        raise Conflict("The project is closed; reopen it before a round is handed out.", code="project_state")
    followed = round_of(session, project.id, new.follows) if new.follows else None
    if followed is not None and followed.state is RoundState.OPEN:
        raise Conflict("Close the round that this one follows first: it is compared with it.", code="round_open")
    faults: list[Fault] = []
    if not 1 <= len(new.name.strip()) <= 100:
        faults.append(Fault("schema", "give a name of at most 100 characters", "name"))
    if not 0 <= new.discussed_share <= 1:
        faults.append(Fault("schema", "give a share from 0 to 1", "discussed_share"))
    version_id = _version(session, project, new.rubric_version, faults)
    items = list(items_of_round(session, followed)) if followed else chosen_items(session, project, new, faults)
    reviewers = _reviewers(session, project.id, new, followed, faults)
    discussed = _discussed(session, project, new, followed, items)
    if not discussed and not faults:
        faults.append(Fault("schema", "every item of that round was withdrawn", "follows"))
    if faults:
        raise BadInput("This round cannot be made.", faults=faults)
    return _Plan(
        project_id=project.id,
        new=new,
        rubric_version_id=version_id,
        follows_id=followed.id if followed else None,
        discussed=discussed,
        discussed_share=followed.discussed_share if followed else new.discussed_share,
        reviewer_ids=reviewers,
    )


def _version(session: Session, project: Project, number: int | None, faults: list[Fault]) -> int:
    """The project's own version, or another of its rubric."""
    if number is None:
        return project.rubric_version_id
    own = sa.select(RubricVersion.rubric_id).where(RubricVersion.id == project.rubric_version_id).scalar_subquery()
    found = session.scalar(
        sa.select(RubricVersion.id).where(RubricVersion.rubric_id == own, RubricVersion.number == number)
    )
    if found is None:
        faults.append(Fault("schema", f"the project's rubric has no version {number}", "rubric_version"))
    return found or 0


def _reviewers(
    session: Session, project_id: int, new: NewRound, followed: CalibrationRound | None, faults: list[Fault]
) -> list[int]:
    """The accounts of those named, or of all who review the project: of the earlier round, where there is one.

    Unless they are named, members whose ratings a program draws are no reviewers: nobody would answer for them.
    """
    lines = human_reviewers(session, project_id)
    active = {line.account.public_id: line.account.id for line in lines}
    everybody = {line.account.id for line in lines if not line.member.is_simulated}
    unknown = [public_id for public_id in new.reviewers if public_id not in active]
    faults += [
        Fault("schema", f'"{public_id[:40]}" is no reviewer of the project', "reviewers") for public_id in unknown
    ]
    chosen = {active[public_id] for public_id in new.reviewers if public_id in active} or everybody
    if followed is not None and not new.reviewers:
        chosen &= set(panel_ids(session, followed))
    if not unknown and not FEWEST_REVIEWERS <= len(chosen) <= MOST_REVIEWERS:
        faults.append(
            Fault(
                "schema",
                f"a round needs {FEWEST_REVIEWERS} to {MOST_REVIEWERS} reviewers, these are {len(chosen)}",
                "reviewers",
            )
        )
    return sorted(chosen)


def _discussed(
    session: Session, project: Project, new: NewRound, followed: CalibrationRound | None, items: Collection[int]
) -> dict[int, bool]:
    """Which of the items are talked about once the round is closed; withdrawn ones are left out."""
    there = items_on_offer(session, project, of=items)
    if followed is not None:
        before = items_of_round(session, followed)
        return {candidate.item_id: before[candidate.item_id] for candidate in there}
    groups = discussed_groups((candidate.group_key for candidate in there), new.discussed_share, new.seed)
    return {candidate.item_id: candidate.group_key in groups for candidate in there}


def _store(session: Session, *, plan: _Plan, by_id: int | None) -> str:
    project = session.scalars(locked(sa.select(Project).where(Project.id == plan.project_id))).one()
    by, moment, new = session.get(Account, by_id) if by_id is not None else None, now(session), plan.new
    _refuse_second_of_name(session, project.id, new.name.strip())
    last = sa.select(sa.func.max(CalibrationRound.number)).where(CalibrationRound.project_id == project.id)
    number = (session.scalar(last) or 0) + 1
    work = PanelWork(
        name=f"Calibration round {number}: {new.name.strip()}",
        purpose=Purpose.CALIBRATION,
        occasion=number,
        rubric_version_id=plan.rubric_version_id,
        item_ids=sorted(plan.discussed),
        reviewer_ids=plan.reviewer_ids,
        seed=new.seed,
    )
    batch = open_panel(session, project.id, work, at=moment)
    round_ = CalibrationRound(
        project_id=project.id,
        number=number,
        name=new.name.strip(),
        rubric_version_id=plan.rubric_version_id,
        batch_id=batch.id,
        follows_id=plan.follows_id,
        chosen=new.as_chosen(),
        seed=new.seed,
        discussed_share=plan.discussed_share,
        created_at=moment,
        created_by_id=by_id,
    )
    session.add(round_)
    session.flush()
    _add_items(session, round_, plan.discussed)
    payload = {"items": len(plan.discussed), "number": number, "reviewers": len(plan.reviewer_ids), "seed": new.seed}
    _record(session, round_, "round.created", by=by, at=moment, payload=payload | new.as_chosen())
    return round_.public_id


def _refuse_second_of_name(session: Session, project_id: int, name: str) -> None:
    """A double click, or a second tab, hands out one round; the project is locked."""
    is_this = (CalibrationRound.project_id == project_id, CalibrationRound.name == name)
    if session.scalar(sa.select(sa.exists().where(*is_this, CalibrationRound.state == RoundState.OPEN))):
        raise Conflict("A round of this name is open already.", code="round_name")


def _add_items(session: Session, round_: CalibrationRound, discussed: Mapping[int, bool]) -> None:
    """Note which tasks of the round's batch are talked about; `discussed` tells it by item."""
    on_batch = (Task.project_id == round_.project_id, Task.batch_id == round_.batch_id)
    session.add_all(
        RoundItem(project_id=round_.project_id, task_id=task_id, round_id=round_.id, discussed=discussed[item_id])
        for task_id, item_id in session.execute(sa.select(Task.id, Task.item_id).where(*on_batch))
    )
    session.flush()


def close_round(session: Session, project_id: int, reference: str, *, by: Account | None, at: datetime) -> None:
    """Take no more reviews of a round; from then on its figures are shown, and its discussed items talked about.

    Raises:
        NotFound: the project has no such round.
        Conflict: it is closed already.
    """
    session.scalars(locked(sa.select(Project.id).where(Project.id == project_id))).one()
    round_ = round_of(session, project_id, reference)
    if round_.state is RoundState.CLOSED:
        raise Conflict("This round is closed already.", code="round_closed")
    close_panel(session, round_.batch_id)
    round_.state = RoundState.CLOSED
    round_.closed_at = at
    session.flush()
    _record(session, round_, "round.closed", by=by, at=at, payload={"number": round_.number})


def _record(
    session: Session,
    round_: CalibrationRound,
    action: str,
    *,
    by: Account | None,
    at: datetime,
    payload: dict[str, Any],
) -> None:
    record(
        session,
        action=action,
        subject=("round", round_.public_id),
        actor=by.public_id if by else "",
        at=at,
        chain=session.get_one(Project, round_.project_id).public_id,
        payload=payload,
    )
