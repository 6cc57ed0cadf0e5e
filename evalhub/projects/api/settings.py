"""What projects there are, and what may change of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.projects import service
from evalhub.projects.api.blueprint import api_bp
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import (
    ProjectLine,
    all_projects,
    plan_of,
    project_line,
    project_named,
    projects_of,
    rules_of,
    settings_of,
)
from evalhub.projects.schema import LONGEST_LEASE, OverlapPlan, ProjectSettings, Rules
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


class ProjectLineOut(BaseModel):
    name: str
    id: str
    title: str
    state: str
    dataset: str
    rubric: str = Field(description="name@version")
    roles: list[str] = Field(description="What whoever asks is there; an admin may be nothing")


class ProjectsOut(BaseModel):
    projects: list[ProjectLineOut]


class SettingsIn(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=200)] = ""
    due_on: date | None = None
    lease_minutes: Annotated[int, Field(ge=1, le=LONGEST_LEASE)] = 45
    one_more: bool = False


class ProjectOut(BaseModel):
    name: str
    id: str
    state: str
    dataset: str
    rubric: str = Field(description="name@version")
    settings: ProjectSettings = Field(description="What may change while the project is graded")
    overlap: OverlapPlan
    order: str
    pairs: bool
    rules: Rules = Field(description="Fixed when the project was made, but for one_more")


@api_bp.get("/projects")
@allowed(signed_in)
@documented(summary="The projects that whoever asks takes part in; an admin's are all", responses={200: ProjectsOut})
def projects() -> ResponseReturnValue:
    principal = require_principal()
    with reading() as session:
        own = {line.project.id: line for line in projects_of(session, principal.account_id)}
        lines = all_projects(session) if principal.is_admin else list(own.values())
        shown = [_line_out(own.get(line.project.id, line)) for line in lines]
    return json_response(ProjectsOut(projects=shown))


@api_bp.get("/projects/<p>")
@allowed(see_figures)
@documented(summary="A project with its plan, rules and settings; ETag names the settings", responses={200: ProjectOut})
def project(p: str) -> ResponseReturnValue:
    with reading() as session:
        return _answer(session, project_named(session, p))


@api_bp.patch("/projects/<p>/settings")
@allowed(manage_project)
@documented(
    summary="Change what may change while the project is graded",
    request=SettingsIn,
    responses={200: ProjectOut},
    headers={"If-Match": "The ETag of the project as it was seen; 409 where somebody has changed it since"},
)
def change_settings(p: str) -> ResponseReturnValue:
    changes, by_id = parse_body(SettingsIn).model_dump(exclude_unset=True), require_principal().account_id
    seen = request.headers.get("If-Match", "").strip('"') or None

    def change(session: Session) -> ResponseReturnValue:
        found = project_named(session, p)
        by = session.get(Account, by_id)
        service.change_settings(session, found.id, changes, seen=seen, by=by, now=utc_now())
        return _answer(session, found)

    return write(change)


@api_bp.post("/projects/<p>/close")
@allowed(manage_project)
@documented(summary="Hand out no more items; what is in work may be finished", responses={200: ProjectOut})
def close(p: str) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def change(session: Session) -> ResponseReturnValue:
        found = project_named(session, p)
        service.close_project(session, found.id, by=session.get(Account, by_id), now=utc_now())
        return _answer(session, found)

    return write(change)


@api_bp.post("/projects/<p>/reopen")
@allowed(manage_project)
@documented(summary="Hand out items again", responses={200: ProjectOut})
def reopen(p: str) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def change(session: Session) -> ResponseReturnValue:
        found = project_named(session, p)
        service.reopen_project(session, found.id, by=session.get(Account, by_id), now=utc_now())
        return _answer(session, found)

    return write(change)


def _line_out(line: ProjectLine) -> ProjectLineOut:
    return ProjectLineOut(
        name=line.project.name,
        id=line.project.public_id,
        title=line.project.title,
        state=line.project.state,
        dataset=line.dataset,
        rubric=f"{line.rubric}@{line.rubric_version}",
        roles=sorted(line.roles),
    )


def _answer(session: Session, project: Project) -> ResponseReturnValue:
    line, settings = project_line(session, project.id), settings_of(project)
    out = ProjectOut(
        name=project.name,
        id=project.public_id,
        state=project.state,
        dataset=line.dataset,
        rubric=f"{line.rubric}@{line.rubric_version}",
        settings=settings,
        overlap=plan_of(project),
        order=project.queue_order,
        pairs=project.pairs,
        rules=rules_of(project),
    )
    return json_response(out, 200, {"ETag": f'"{settings.tag}"'})
