"""Past ratings for programs; they come in as a stream."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.datasets.api import body_stream
from evalhub.datasets.schema.mapping import parse_field_map
from evalhub.datasets.schema.ratings import FIELDS
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.api.blueprint import api_bp
from evalhub.review.service.past_ratings import import_ratings
from evalhub.web.api import documented, json_response, parse_query
from evalhub.web.guard import large_body
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading


class RatingsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str = Field(default="upload", max_length=200, description="Name of the file, for messages")
    check: bool = Field(default=False, description="Only check; nothing is stored")
    map: str = Field(default="", max_length=4000, description="field=path,… for records of another shape")


class RatingsOut(BaseModel):
    project: str
    added: int
    unchanged: int
    items: int
    reviewers: int
    sha256: str = Field(description="Of the body as it was sent")


@api_bp.post("/projects/<p>/ratings")
@allowed(manage_project)
@large_body
@documented(
    summary="Add past ratings to a project, all or none: 201, or 200 when every one of them was there",
    query=RatingsQuery,
    body_type="application/jsonl",
    responses={201: RatingsOut, 200: RatingsOut},
)
def add_ratings(p: str) -> ResponseReturnValue:
    query = parse_query(RatingsQuery)
    stream, is_csv = body_stream()
    with reading() as session:
        project_id = project_named(session, p).id
    result = import_ratings(
        current_database(),
        stream,
        project_id=project_id,
        source_name=query.source,
        actor_id=require_principal().account_id,
        field_map=parse_field_map([part for part in query.map.split(",") if part], FIELDS),
        is_csv=is_csv,
        check_only=query.check,
    )
    out = RatingsOut(
        project=p,
        added=result.added,
        unchanged=result.unchanged,
        items=result.items,
        reviewers=result.reviewers,
        sha256=result.sha256,
    )
    return json_response(out, 201 if result.added and not query.check else 200)
