"""Make projects, and change who takes part and whether work goes on."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account, AccountKind
from evalhub.audit.service import record
from evalhub.datasets.models import Dataset, ImportState, ItemImport
from evalhub.db import locked
from evalhub.db import now as database_now
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.projects.models import Batch, Member, MemberState, Project, ProjectState, QueueOrder
from evalhub.projects.schema import SLUG, OverlapPlan, PassRule, ProjectRole, Rules
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import OverallLevel


@dataclass(frozen=True, slots=True)
class NewProject:
    """What a project is made of; everything but the first three has a default."""

    name: str
    dataset_id: int
    rubric_version_id: int
    title: str = ""
    overlap: OverlapPlan = field(default_factory=lambda: OverlapPlan(base=2))
    order: QueueOrder = QueueOrder.RANDOM
    rules: Rules = field(default_factory=Rules)
    lease_minutes: int = 45
    due_on: date | None = None
    pairs: bool = False
    pseudonym_key: str | None = None


def create_project(session: Session, new: NewProject, *, by: Account | None, now: datetime) -> Project:
    """Make a project with a batch for every complete import of its dataset.

    Raises:
        BadInput: the name is no slug, or the plan does not fit together.
        Conflict: a project of that name exists.
    """
    _check(session, new)
    project = Project(
        name=new.name,
        title=new.title or new.name,
        dataset_id=new.dataset_id,
        rubric_version_id=new.rubric_version_id,
        overlap_base=new.overlap.base,
        overlap_share=new.overlap.share,
        overlap_need=max(new.overlap.need or new.overlap.base, new.overlap.base),
        stratify_by=list(new.overlap.stratify_by),
        seed=new.overlap.seed,
        queue_order=new.order,
        pairs=new.pairs,
        rules=new.rules.model_dump(mode="json"),
        lease_minutes=new.lease_minutes,
        due_on=new.due_on,
        pseudonym_key=new.pseudonym_key or secrets.token_hex(32),
        created_at=now,
        created_by_id=by.id if by else None,
    )
    session.add(project)
    session.flush()
    record(
        session,
        action="project.created",
        subject=("project", project.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
        payload={
            "name": project.name,
            "overlap": new.overlap.model_dump(mode="json"),
            "order": project.queue_order,
            "pairs": project.pairs,
        },
    )
    _open_missing_batches(session, project, now)
    return project


def _check(session: Session, new: NewProject) -> None:
    faults = []
    if not re.fullmatch(SLUG, new.name):
        faults.append(
            Fault("schema", f'"{new.name}" is no name; use a-z, 0-9, - and _, at most 64, like "q3-answers"', "name")
        )
    if new.overlap.share > 0 and (new.overlap.need or 0) <= new.overlap.base:
        faults.append(
            Fault("schema", f"a share of items needs more than {new.overlap.base} reviewers each", "overlap_need")
        )
    for key in new.overlap.stratify_by:
        if key not in ("model", "tags"):
            faults.append(Fault("schema", f'cannot stratify by "{key}"; use model or tags', "stratify_by"))
    if not 1 <= new.lease_minutes <= 1440:
        faults.append(Fault("schema", "a lease lasts 1 to 1440 minutes", "lease_minutes"))
    faults += _pass_faults(new.rules.pass_rule)
    if faults:
        raise BadInput("This project cannot be made.", faults=faults)
    if session.scalar(sa.select(Project.id).where(Project.name == new.name)) is not None:
        raise Conflict(f'There is a project "{new.name}" already; choose another name.', code="project_exists")
    version = session.get(RubricVersion, new.rubric_version_id)
    if session.get(Dataset, new.dataset_id) is None or version is None:
        raise NotFound("The dataset or the rubric version does not exist.")
    if new.rules.flags.pass_flip and new.rules.applied_to(rubric_of(version)).pass_rule is None:
        wrong = "nothing can pass or fail: neither the rubric nor the project has a pass rule; leave this flag out"
        raise BadInput("This project cannot be made.", faults=[Fault("schema", wrong, "flags.pass_flip")])


def _pass_faults(rule: PassRule | None) -> Iterator[Fault]:
    """What would only show when scores are computed."""
    if rule is None:
        return
    if (rule.score_at_least is None) == (rule.level_at_least is None):
        yield Fault("schema", "needs score_at_least or level_at_least, one of the two", "pass_rule")
    if rule.score_at_least is not None and not math.isfinite(rule.score_at_least):
        yield Fault("schema", "is no score", "pass_rule.score_at_least")
    if rule.level_at_least is not None and rule.level_at_least not in set(OverallLevel):
        levels = ", ".join(OverallLevel)
        yield Fault("schema", f'"{rule.level_at_least}" is no level; use {levels}', "pass_rule.level_at_least")


def open_batches_for_import(session: Session, dataset_id: int, import_id: int) -> None:
    """A batch in each open project on the dataset (handler of `dataset_imported`)."""
    item_import = session.get_one(ItemImport, import_id)
    if item_import.n_items == 0:
        return
    projects = session.scalars(
        sa.select(Project)
        .where(Project.dataset_id == dataset_id, Project.state == ProjectState.OPEN)
        .order_by(Project.id)
    )
    for project in projects.all():
        _open_batch(session, project, item_import, database_now(session))


def _open_missing_batches(session: Session, project: Project, now: datetime) -> None:
    """A batch for every complete import of the dataset that has none yet."""
    with_a_batch = sa.select(Batch.import_id).where(Batch.project_id == project.id, Batch.import_id.is_not(None))
    imports = session.scalars(
        sa.select(ItemImport)
        .where(
            ItemImport.dataset_id == project.dataset_id,
            ItemImport.state == ImportState.COMPLETE,
            ItemImport.n_items > 0,
            ItemImport.id.not_in(with_a_batch),
        )
        .order_by(ItemImport.id)
    )
    for item_import in imports.all():
        _open_batch(session, project, item_import, now)


def _open_batch(session: Session, project: Project, item_import: ItemImport, now: datetime) -> None:
    name = item_import.source or f"import {item_import.id}"
    batch = Batch(project_id=project.id, import_id=item_import.id, name=name, created_at=now)
    session.add(batch)
    session.flush()
    events.batch_opened.send(session, project_id=project.id, batch_id=batch.id)


def set_member(
    session: Session,
    project_id: int,
    account_id: int,
    roles: Collection[ProjectRole],
    *,
    by: Account | None,
    now: datetime,
    is_simulated: bool = False,
    source_name: str | None = None,
) -> Member:
    """Take an account into a project, or change its roles there.

    Raises:
        BadInput: no role is given, or the account cannot hold one.
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    account = session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        raise NotFound("There is no such active account.")
    if not roles:
        raise BadInput("Choose at least one role.", faults=[Fault("schema", "choose at least one role", "roles")])
    if account.kind is AccountKind.IMPORTED and (set(roles) != {ProjectRole.REVIEWER} or not source_name):
        raise BadInput("An imported reviewer can only be a reviewer of its own project.")
    member = session.get(Member, (project_id, account_id)) or Member(
        project_id=project_id, account_id=account_id, joined_at=now, source_name=source_name, is_simulated=is_simulated
    )
    member.state = MemberState.ACTIVE
    member.removed_at = None
    member.is_reviewer = ProjectRole.REVIEWER in roles
    member.is_adjudicator = ProjectRole.ADJUDICATOR in roles
    member.is_manager = ProjectRole.MANAGER in roles
    member.is_viewer = ProjectRole.VIEWER in roles
    session.add(member)
    session.flush()
    record(
        session,
        action="member.set",
        subject=("account", account.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
        payload={"roles": sorted(roles)},
    )
    events.members_changed.send(session, project_id=project_id)
    return member


def remove_member(
    session: Session, project_id: int, account_id: int, *, reason: str, by: Account, now: datetime
) -> None:
    """End an account's part in a project: its leases end, its work stays.

    Raises:
        NotFound: the account is no active member.
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    member = session.scalar(
        locked(sa.select(Member).where(Member.project_id == project_id, Member.account_id == account_id))
    )
    if member is None or member.state is not MemberState.ACTIVE:
        raise NotFound("This account is no member of the project.")
    member.state = MemberState.REMOVED
    member.removed_at = now
    session.flush()
    account = session.get_one(Account, account_id)
    record(
        session,
        action="member.removed",
        subject=("account", account.public_id),
        actor=by.public_id,
        at=now,
        chain=project.public_id,
        payload={"reason_given": bool(reason)},
    )
    events.member_removed.send(session, project_id=project_id, account_id=account_id)


def close_project(session: Session, project_id: int, *, by: Account | None, now: datetime) -> None:
    """Stop handing out work; leases that run may still be submitted."""
    _set_state(session, project_id, ProjectState.CLOSED, by, now)
    events.project_closed.send(session, project_id=project_id)


def reopen_project(session: Session, project_id: int, *, by: Account | None, now: datetime) -> None:
    project = _set_state(session, project_id, ProjectState.OPEN, by, now)
    _open_missing_batches(session, project, now)
    events.project_reopened.send(session, project_id=project_id)


def _set_state(session: Session, project_id: int, state: ProjectState, by: Account | None, now: datetime) -> Project:
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    if project.state is state:
        raise Conflict(f"The project is {state} already.", code="project_state")
    project.state = state
    session.flush()
    record(
        session,
        action=f"project.{'closed' if state is ProjectState.CLOSED else 'reopened'}",
        subject=("project", project.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
    )
    return project
