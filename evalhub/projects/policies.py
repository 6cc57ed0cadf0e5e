"""What members of a project may do; to everybody else the project does not exist."""

from __future__ import annotations

from evalhub.errors import NotFound
from evalhub.jobs.queries import job_of
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


def see_job(principal: Principal, job: str) -> bool:
    """Whoever started it, and those who may see the project's figures; to everybody else it does not exist."""
    if not _has_to_do_with(principal, job, ProjectRole.MANAGER, ProjectRole.VIEWER):
        raise NotFound
    return True


def steer_job(principal: Principal, job: str) -> bool:
    """Cancel it, or have it done again: whoever started it, and managers."""
    return see_job(principal, job) and _has_to_do_with(principal, job, ProjectRole.MANAGER)


def _has_to_do_with(principal: Principal, public_id: str, *roles: ProjectRole) -> bool:
    """Admins, members in one of the roles, and whoever started the job unless they have left its project."""
    with reading() as session:
        job = job_of(session, public_id)
        member = membership(session, job.project_id, principal.account_id) if job.project_id else None
    is_own = job.created_by_id == principal.account_id and (job.project_id is None or member is not None)
    return is_own or principal.is_admin or (member is not None and bool(roles_of(member) & set(roles)))
