"""Reads of projects, members and batches."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.datasets.models import Dataset
from evalhub.errors import NotFound
from evalhub.projects.models import Batch, Member, MemberState, Project, ProjectState
from evalhub.projects.schema import OverlapPlan, ProjectRole, Rules
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


@dataclass(frozen=True, slots=True)
class MemberLine:
    account: Account
    member: Member

    @property
    def roles(self) -> list[str]:
        return sorted(roles_of(self.member))

    @property
    def shown_name(self) -> str:
        """The display name, marked where the ratings are simulated or imported."""
        return shown_name(self.account.display_name, self.member, self.account.kind)


def shown_name(display_name: str, member: Member | None, kind: AccountKind) -> str:
    if member is not None and member.is_simulated and "simulated" not in display_name.lower():
        return f"{display_name} (simulated)"
    return f"{display_name} (imported)" if kind is AccountKind.IMPORTED else display_name


def roles_of(member: Member) -> frozenset[ProjectRole]:
    flags = {
        ProjectRole.REVIEWER: member.is_reviewer,
        ProjectRole.ADJUDICATOR: member.is_adjudicator,
        ProjectRole.MANAGER: member.is_manager,
        ProjectRole.VIEWER: member.is_viewer,
    }
    return frozenset(role for role, held in flags.items() if held)


def rules_of(project: Project) -> Rules:
    return Rules.model_validate(project.rules)


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


def membership(session: Session, project_id: int, account_id: int) -> Member | None:
    """The active membership of an account, if any."""
    return session.scalar(
        sa.select(Member).where(
            Member.project_id == project_id, Member.account_id == account_id, Member.state == MemberState.ACTIVE
        )
    )


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


def members_of(session: Session, project_id: int, *, with_removed: bool = False) -> list[MemberLine]:
    statement = (
        sa.select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(Member.project_id == project_id)
        .order_by(Account.display_name, Account.id)
    )
    if not with_removed:
        statement = statement.where(Member.state == MemberState.ACTIVE)
    return [MemberLine(account, member) for account, member in session.execute(statement)]


MEMBERS_BY = {"name": sa.func.lower(Account.display_name), "since": Member.joined_at}


def member_page(session: Session, project_id: int, listing: Listing) -> Page[Account, Member]:
    """The active members of a project; `q` matches inside their names, `role` is one of theirs."""
    found = (
        sa.select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(Member.project_id == project_id, Member.state == MemberState.ACTIVE)
    )
    if search := listing.filters["q"]:
        found = found.where(
            Account.display_name.icontains(search, autoescape=True) | Account.login.icontains(search, autoescape=True)
        )
    if role := listing.chosen("role", ProjectRole):
        found = found.where(getattr(Member, f"is_{role}"))
    return keyset(session, found, listing.order(MEMBERS_BY, last=Account.id), listing.after)


def simulated_reviewers(session: Session, project_id: int) -> set[int]:
    """The accounts whose ratings a program drew, removed members included."""
    return set(
        session.scalars(sa.select(Member.account_id).where(Member.project_id == project_id, Member.is_simulated))
    )


def batches_of(session: Session, project_id: int) -> list[Batch]:
    return list(session.scalars(sa.select(Batch).where(Batch.project_id == project_id).order_by(Batch.id)))
