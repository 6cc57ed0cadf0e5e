"""Agreement for programs."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from evalhub.calibration.service import full_report
from evalhub.projects.policies import see_figures
from evalhub.projects.queries import project_named
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_query
from evalhub.web.policies import allowed
from evalhub.web.session import reading

api_bp = Blueprint("calibration_api", __name__, url_prefix="/api/v1")


class AgreementQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    criterion: Annotated[str, Field(max_length=64)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class AgreementShown(BaseModel):
    """The same as `evalhub calibrate --json`."""

    model_config = ConfigDict(extra="allow")

    project: str
    rubric: str
    rubric_version: int
    n_items: int
    n_reviewers: int
    n_simulated: int
    criteria: list[dict[str, Any]]
    flags: dict[str, Any]


@api_bp.get("/projects/<p>/agreement")
@allowed(see_figures)
@documented(
    summary="How far the reviewers agree, criterion by criterion", query=AgreementQuery, responses={200: AgreementShown}
)
def agreement(p: str) -> ResponseReturnValue:
    query = parse_query(AgreementQuery)
    with reading() as session:
        found = full_report(
            session,
            project_named(session, p).id,
            criterion=query.criterion,
            since=query.since,
            until=query.until,
        )
    return json_response(found.as_dict())
