"""Reads of projects and batches."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Dataset
from evalhub.errors import NotFound
from evalhub.projects.models import Batch, Member, MemberState, Project, ProjectState
from evalhub.projects.queries.members import roles_of
from evalhub.projects.schema import BatchSettings, OverlapPlan, ProjectRole, ProjectSettings, Rules
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project as lists show it, with what one account may do there."""

    project: Project
    dataset: str
    rubric: str
    rubric_version: int
    roles: frozenset[ProjectRole]


def rules_of(project: Project) -> Rules:
    return Rules.model_validate(project.rules)


def settings_of(project: Project) -> ProjectSettings:
    """What may still change of a project."""
    return ProjectSettings(
        title=project.title,
        due_on=project.due_on,
        lease_minutes=project.lease_minutes,
        one_more=rules_of(project).one_more,
    )


def batch_settings_of(batch: Batch) -> BatchSettings:
    return BatchSettings.model_construct(name=batch.name, priority=batch.priority, due_on=batch.due_on)


def plan_of(project: Project) -> OverlapPlan:
    return OverlapPlan(
        base=project.overlap_base,
        share=project.overlap_share,
        need=project.overlap_need,
        stratify_by=tuple(project.stratify_by),
        seed=project.seed,
    )


def project_named(session: Session, name: str) -> Project:
    """The project of that slug.

    Raises:
        NotFound: when there is none.
    """
    project = session.scalar(sa.select(Project).where(Project.name == name))
    if project is None:
        raise NotFound(f'There is no project "{name}".')
    return project


def _lines() -> sa.Select[Project, str, str, int]:
    return (
        sa.select(Project, Dataset.name, Rubric.name, RubricVersion.number)
        .join(Dataset, Dataset.id == Project.dataset_id)
        .join(RubricVersion, RubricVersion.id == Project.rubric_version_id)
        .join(Rubric, Rubric.id == RubricVersion.rubric_id)
        .order_by(Project.name)
    )


PROJECTS_BY = {
    "title": sa.func.lower(Project.title),
    "dataset": Dataset.name,
    "rubric": Rubric.name,
    "made": Project.created_at,
}


def project_page(
    session: Session, account_id: int, listing: Listing, *, is_admin: bool
) -> Page[Project, str, str, int, Member | None]:
    """Projects with dataset, rubric, its version and the account's own membership; an admin's list holds all.

    `q` matches inside title or name.
    """
    own = sa.and_(Member.project_id == Project.id, Member.account_id == account_id, Member.state == MemberState.ACTIVE)
    found = _lines().order_by(None).add_columns(Member).join(Member, own, isouter=is_admin)
    if search := listing.filters["q"]:
        found = found.where(
            Project.title.icontains(search, autoescape=True) | Project.name.icontains(search, autoescape=True)
        )
    if state := listing.chosen("state", ProjectState):
        found = found.where(Project.state == state)
    return keyset(session, found, listing.order(PROJECTS_BY, last=Project.id), listing.after)


def projects_of(session: Session, account_id: int) -> list[ProjectLine]:
    """The projects that an account is an active member of."""
    rows = session.execute(
        _lines()
        .add_columns(Member)
        .join(Member, Member.project_id == Project.id)
        .where(Member.account_id == account_id, Member.state == MemberState.ACTIVE)
    )
    return [ProjectLine(p, d, r, n, roles_of(member)) for p, d, r, n, member in rows]


def all_projects(session: Session) -> list[ProjectLine]:
    return [ProjectLine(p, d, r, n, frozenset()) for p, d, r, n in session.execute(_lines())]


def project_line(session: Session, project_id: int) -> ProjectLine:
    p, d, r, n = session.execute(_lines().where(Project.id == project_id)).one()
    return ProjectLine(p, d, r, n, frozenset())


def batches_of(session: Session, project_id: int) -> list[Batch]:
    return list(session.scalars(sa.select(Batch).where(Batch.project_id == project_id).order_by(Batch.id)))
