"""What members of a project may do; to everybody else the project does not exist."""

from __future__ import annotations

from evalhub.errors import NotFound
from evalhub.projects.models import Member, Project
from evalhub.projects.queries import membership, project_named, roles_of
from evalhub.projects.schema import ProjectRole
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def may(principal: Principal, project: Project, member: Member | None, *roles: ProjectRole) -> bool:
    """Whether an account with this membership acts in one of the roles; instance admins manage every project."""
    if principal.is_admin and ProjectRole.MANAGER in roles:
        return True
    return member is not None and bool(roles_of(member) & set(roles))


def _check(principal: Principal, name: str, *roles: ProjectRole) -> bool:
    with reading() as session:
        project = project_named(session, name)
        member = membership(session, project.id, principal.account_id)
    if member is None and not principal.is_admin:
        raise NotFound
    return may(principal, project, member, *roles)


def see_project(principal: Principal, p: str) -> bool:
    """Any member; what they see there depends on their role."""
    return _check(principal, p, *ProjectRole)


def review_in_project(principal: Principal, p: str) -> bool:
    return _check(principal, p, ProjectRole.REVIEWER)


def see_figures(principal: Principal, p: str) -> bool:
    """Managers and viewers: figures of all reviewers' work."""
    return _check(principal, p, ProjectRole.MANAGER, ProjectRole.VIEWER)


def manage_project(principal: Principal, p: str) -> bool:
    return _check(principal, p, ProjectRole.MANAGER)


def see_cases(principal: Principal, p: str) -> bool:
    return _check(principal, p, ProjectRole.MANAGER, ProjectRole.ADJUDICATOR)


def adjudicate(principal: Principal, p: str) -> bool:
    return _check(principal, p, ProjectRole.ADJUDICATOR)
