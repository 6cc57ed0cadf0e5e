"""Who takes part in a project, by sign-in name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login
from evalhub.errors import NotFound
from evalhub.projects import service
from evalhub.projects.api.blueprint import api_bp
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import MemberLine, members_of, project_named
from evalhub.projects.schema import ProjectRole
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


class RolesIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    roles: Annotated[list[Annotated[str, Field(pattern=f"^({'|'.join(ProjectRole)})$")]], Field(min_length=1)]


class MemberOut(BaseModel):
    login: str | None = Field(description="None of reviewers of imported ratings, who cannot sign in")
    name: str
    roles: list[str]
    since: datetime


class MembersOut(BaseModel):
    members: list[MemberOut]


@api_bp.get("/projects/<p>/members")
@allowed(manage_project)
@documented(summary="Who takes part, by name", responses={200: MembersOut})
def members(p: str) -> ResponseReturnValue:
    with reading() as session:
        shown = [_shown(line) for line in members_of(session, project_named(session, p).id)]
    return json_response(MembersOut(members=shown))


@api_bp.put("/projects/<p>/members/<login>")
@allowed(manage_project)
@documented(summary="Take somebody in, or change their roles", request=RolesIn, responses={200: MemberOut})
def set_member(p: str, login: str) -> ResponseReturnValue:
    roles, by_id = {ProjectRole(role) for role in parse_body(RolesIn).roles}, require_principal().account_id

    def store(session: Session) -> MemberOut:
        account, project = account_of_login(session, login), project_named(session, p)
        if account is None:
            raise NotFound(f'Nobody signs in as "{login}".')
        by = session.get(Account, by_id)
        return _shown(
            MemberLine(account, service.set_member(session, project.id, account.id, roles, by=by, now=utc_now()))
        )

    return json_response(write(store))


def _shown(line: MemberLine) -> MemberOut:
    return MemberOut(login=line.account.login, name=line.shown_name, roles=line.roles, since=line.member.joined_at)
