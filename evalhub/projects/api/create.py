"""Make projects by program."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Annotated

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login
from evalhub.datasets.queries import dataset_named
from evalhub.errors import BadInput, Fault
from evalhub.projects import service
from evalhub.projects.api.blueprint import api_bp
from evalhub.projects.models import Project, QueueOrder
from evalhub.projects.schema import MOST_REVIEWERS, SLUG, Flags, OverlapPlan, PassRule, Rules, roles_by_login
from evalhub.rubrics.queries import resolve
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import write

Reviewers = Annotated[int, Field(ge=1, le=MOST_REVIEWERS)]
Login = Annotated[str, Field(max_length=100)]


class ProjectIn(BaseModel):
    """A new project; everything but the first three has a default."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=SLUG)]
    dataset: Annotated[str, Field(max_length=64)]
    rubric: Annotated[str, Field(max_length=80, description="name, or name@version")]
    title: Annotated[str, Field(max_length=200)] = ""
    overlap: Reviewers = 2
    overlap_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    overlap_need: Reviewers | None = None
    stratify_by: list[Annotated[str, Field(pattern="^(model|tags)$")]] = []
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    order: Annotated[str, Field(pattern="^(random|as-imported|by-group)$")] = "random"
    lease_minutes: Annotated[int, Field(ge=1, le=1440)] = 45
    due_on: date | None = None
    flags: Flags = Flags()
    one_more: Annotated[bool, Field(description="Ask one more reviewer before an adjudicator")] = False
    pairs: Annotated[bool, Field(description="Have two items of one pair_id graded side by side")] = False
    pass_rule: PassRule | None = None
    show_reference: Annotated[bool, Field(description="Reviewers read an item's reference answer as they grade")] = True
    reviewers: list[Login] = []
    adjudicators: list[Login] = []
    managers: list[Login] = []


class ProjectMade(BaseModel):
    name: str
    id: str
    state: str


@api_bp.post("/projects")
@allowed(admin)
@documented(summary="Make a project and take in its members", request=ProjectIn, responses={201: ProjectMade})
def create() -> ResponseReturnValue:
    body, by_id = parse_body(ProjectIn), require_principal().account_id
    seed = secrets.randbelow(2**31) if body.seed is None else body.seed
    project = write(lambda session: _make(session, body, by_id, seed))
    return json_response(ProjectMade(name=project.name, id=project.public_id, state=project.state), 201)


def _make(session: Session, body: ProjectIn, by_id: int, seed: int) -> Project:
    by, now = session.get(Account, by_id), utc_now()
    project = service.create_project(
        session,
        service.NewProject(
            name=body.name,
            title=body.title,
            dataset_id=dataset_named(session, body.dataset).id,
            rubric_version_id=resolve(session, body.rubric).id,
            overlap=OverlapPlan(
                base=body.overlap,
                share=body.overlap_share,
                need=body.overlap_need,
                stratify_by=tuple(body.stratify_by),
                seed=seed,
            ),
            order=QueueOrder(body.order),
            rules=Rules(
                flags=body.flags,
                one_more=body.one_more,
                pass_rule=body.pass_rule,
                show_reference=body.show_reference,
            ),
            lease_minutes=body.lease_minutes,
            due_on=body.due_on,
            pairs=body.pairs,
        ),
        by=by,
        now=now,
    )
    for login, roles in roles_by_login(body.reviewers, body.adjudicators, body.managers).items():
        account = account_of_login(session, login)
        if account is None:
            raise BadInput(
                "There is no such person.", faults=[Fault("schema", f'nobody signs in as "{login}"', "members")]
            )
        service.set_member(session, project.id, account.id, roles, by=by, now=now)
    return project
