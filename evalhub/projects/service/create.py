"""Make projects."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.datasets.models import Dataset
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.projects.models import Project, QueueOrder
from evalhub.projects.schema import SLUG, OverlapPlan, PassRule, Rules
from evalhub.projects.service.batches import open_missing_batches
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
    open_missing_batches(session, project, now)
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
