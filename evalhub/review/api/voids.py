"""Void somebody's reviews, for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from flask import url_for
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from evalhub.db import now
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.api.blueprint import api_bp
from evalhub.review.api.life import Reason
from evalhub.review.queries.voidable import Span, VoidPlan, reviewer_named, void_plan
from evalhub.review.service.void import MANY, Act, void_later, void_reviews
from evalhub.web.api import documented, json_response, parse_body
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading, write


class VoidBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reviewer: Annotated[str, Field(max_length=100, description="A sign-in name, or a name in past ratings")]
    since: AwareDatetime | None = Field(default=None, description="Submitted at or after it; null: from the first on")
    until: AwareDatetime | None = Field(default=None, description="Submitted before it; null: until now")
    assignment: Annotated[str, Field(max_length=32)] | None = Field(
        default=None, description="Only the review of this assignment"
    )
    reason: Reason
    dry_run: bool = Field(default=False, description="Only say what it would do")


class VoidPlanOut(BaseModel):
    reviews: int
    extra: int = Field(description="Those of them that are in no figure already")
    gold: int
    to_queue: int = Field(description="Items that wait for another reviewer afterwards")
    nobody_left: int = Field(description="Those of them that nobody is left for")
    decided: int = Field(description="Items whose decision stands")
    elsewhere: int = Field(description="Reviews of training and calibration rounds, which stay")
    criteria: list[str] = Field(description="Titles of the criteria whose figures change")


class VoidOut(BaseModel):
    voided: int | None = Field(description="Null while it is done in the background")
    job: str | None = Field(description="Address of the background work, where there is much to do")
    plan: VoidPlanOut = Field(description="What it was to do, as seen just before")


@api_bp.post("/projects/<p>/voids")
@allowed(manage_project)
@documented(
    summary="Void somebody's reviews: 200 with what was done (or, on a dry run, would be), 202 in the background",
    request=VoidBody,
    responses={200: VoidOut, 202: VoidOut},
)
def void(p: str) -> ResponseReturnValue:
    body = parse_body(VoidBody)
    with reading() as session:
        project = project_named(session, p)
        span = Span(
            project.id,
            reviewer_named(session, project.id, body.reviewer).id,
            until=_utc(body.until) or now(session),
            since=_utc(body.since),
            assignment=body.assignment,
        )
        plan = void_plan(session, span)
    if body.dry_run:
        return json_response(_out(plan, voided=0), 200)
    act = Act(body.reason, require_principal().account_id)
    if plan.total > MANY:
        job = write(lambda s: void_later(s, span, act).public_id)
        return json_response(_out(plan, voided=None, job=url_for("projects.job", job=job)), 202)
    return json_response(_out(plan, voided=void_reviews(current_database(), span, act)), 200)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _out(plan: VoidPlan, *, voided: int | None, job: str | None = None) -> VoidOut:
    return VoidOut(
        voided=voided, job=job, plan=VoidPlanOut.model_validate(asdict(plan) | {"criteria": [*plan.criteria]})
    )
