"""Published rubrics for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from evalhub.errors import NotFound
from evalhub.rubrics import queries, service
from evalhub.rubrics.api.blueprint import YAML_TYPES, api_bp
from evalhub.rubrics.models import RubricVersion
from evalhub.web.api import documented, json_response, raw_body
from evalhub.web.context import utc_now
from evalhub.web.policies import admin, allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


class PublishedRubric(BaseModel):
    name: str
    version: int
    title: str
    sha256: str = Field(description="Of the canonical JSON; the same rubric has the same hash, however it was typed")
    url: str


class RubricOut(PublishedRubric):
    published_at: datetime
    rubric: dict[str, Any] = Field(description="The rubric with every default stated, as in a rubric file")


class RubricList(BaseModel):
    rubrics: list[PublishedRubric]


class VersionLine(PublishedRubric):
    published_at: datetime


class VersionList(BaseModel):
    versions: list[VersionLine]


@api_bp.get("/rubrics")
@allowed(signed_in)
@documented(summary="The newest version of each rubric", responses={200: RubricList})
def rubrics() -> ResponseReturnValue:
    with reading() as session:
        newest = queries.newest_versions(session)
    return json_response(RubricList(rubrics=[PublishedRubric(**described(version)) for version in newest]))


@api_bp.post("/rubrics")
@allowed(admin)
@documented(
    summary="Publish a rubric; 200 when this very rubric was published before",
    body_type="application/yaml",
    responses={201: PublishedRubric, 200: PublishedRubric},
)
def add() -> ResponseReturnValue:
    content, actor_id, now = raw_body(*YAML_TYPES), require_principal().account_id, utc_now()
    added = write(lambda s: service.add_rubric(s, content, source_name="body", actor_id=actor_id, now=now))
    return json_response(PublishedRubric(**described(added.version)), 201 if added.created else 200)


@api_bp.get("/rubrics/<name>")
@allowed(signed_in)
@documented(summary="The versions of a rubric, the newest first", responses={200: VersionList})
def versions(name: str) -> ResponseReturnValue:
    with reading() as session:
        found = queries.versions_of(session, name)
    if not found:
        raise NotFound
    lines = [VersionLine(**described(version), published_at=version.published_at) for version in found]
    return json_response(VersionList(versions=lines))


@api_bp.get("/rubrics/<name>/<int:number>")
@allowed(signed_in)
@documented(summary="One version of a rubric", responses={200: RubricOut})
def rubric(name: str, number: int) -> ResponseReturnValue:
    with reading() as session:
        version = queries.rubric_version_of(session, name, number)
    document = queries.rubric_of(version).as_document()
    return json_response(RubricOut(**described(version), published_at=version.published_at, rubric=document))


def described(version: RubricVersion) -> dict[str, Any]:
    """The fields of PublishedRubric."""
    name, number = version.rubric.name, version.number
    return {
        "name": name,
        "version": number,
        "title": version.title,
        "sha256": version.sha256,
        "url": url_for("rubrics_api.rubric", name=name, number=number),
    }
