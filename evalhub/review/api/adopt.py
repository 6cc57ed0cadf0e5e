"""Take up another version of a project's rubric, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.api.blueprint import api_bp
from evalhub.review.api.life import Reason
from evalhub.review.queries.adoption import adoption_plan, adoptions_of
from evalhub.review.schema import Changed
from evalhub.review.service.adopt import AdoptionRequest, adopt
from evalhub.web.api import documented, json_response, parse_body
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading


class AdoptionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=2**31 - 1, description="Number of a version of the project's rubric")]
    changed: Changed = Field(description="What becomes of begun items that the version asks something new of")
    n: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(default=None, description="Of a sample: how many items")
    reason: Reason
    dry_run: bool = Field(default=False, description="Only say what it would do")


class AdoptionPlanOut(BaseModel):
    from_version: int
    to_version: int
    carried_over: list[str] = Field(description="Criteria that ask the same; their figures go on")
    changed: list[str] = Field(description="Criteria that ask otherwise; old and new are never pooled")
    added: list[str]
    removed: list[str]
    untouched: int = Field(description="Items that nobody has begun; they move to the version")
    begun: int = Field(description="Items that stay on the version that they were begun on")
    complete: int = Field(description="Those of them with all their reviews")
    leases: int = Field(description="Leases that finish on their version")
    certificates: int = Field(description="Certificates that lapse")
    without_answer: int = Field(description="Begun items that the version asks something of that was never asked")
    regrades: int = Field(description="Items regraded by this choice")
    hours: float | None = Field(description="What that takes at the median pace; null before the first review")


class AdoptedOut(BaseModel):
    adoption: str | None = Field(description="Null on a dry run")
    complete: bool = Field(description="Whether all tasks are made; a large project's follow in the background")
    plan: AdoptionPlanOut = Field(description="What it was to do, as seen just before")


class AdoptionOut(BaseModel):
    adoption: str
    from_version: int
    to_version: int
    changed: Changed
    n: int | None
    reason: str
    regrades: int
    by: str | None = Field(description="Null for the command line")
    at: datetime
    complete: bool


class AdoptionsOut(BaseModel):
    adoptions: list[AdoptionOut] = Field(description="The last one first")


@api_bp.post("/projects/<p>/adoptions")
@allowed(manage_project)
@documented(
    summary="Take up another version of the rubric: 201, or 200 with what it would do on a dry run",
    request=AdoptionBody,
    responses={201: AdoptedOut, 200: AdoptedOut},
)
def adopt_version(p: str) -> ResponseReturnValue:
    body = parse_body(AdoptionBody)
    with reading() as session:
        project = project_named(session, p)
        said = adoption_plan(session, project, body.version).said(body.changed, body.n)
    plan = AdoptionPlanOut.model_validate(said)
    if body.dry_run:
        return json_response(AdoptedOut(adoption=None, complete=False, plan=plan), 200)
    asked = AdoptionRequest(body.version, body.changed, body.reason, body.n, require_principal().account_id)
    done = adopt(current_database(), project.id, asked)
    return json_response(AdoptedOut(adoption=done.public_id, complete=done.is_complete, plan=plan), 201)


@api_bp.get("/projects/<p>/adoptions")
@allowed(manage_project)
@documented(summary="The versions of the rubric that were taken up after the first", responses={200: AdoptionsOut})
def list_adoptions(p: str) -> ResponseReturnValue:
    with reading() as session:
        lines = adoptions_of(session, project_named(session, p).id)
    return json_response(
        AdoptionsOut(
            adoptions=[
                AdoptionOut(
                    adoption=line.adoption.public_id,
                    from_version=line.from_version,
                    to_version=line.to_version,
                    changed=line.adoption.changed,
                    n=line.adoption.sample_size,
                    reason=line.adoption.reason,
                    regrades=line.n_regrades,
                    by=line.by,
                    at=line.at,
                    complete=line.adoption.completed_at is not None,
                )
                for line in lines
            ]
        )
    )
