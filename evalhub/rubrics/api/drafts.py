"""Drafts of rubrics for programs."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.rubrics import queries, schema
from evalhub.rubrics.api.blueprint import api_bp
from evalhub.rubrics.api.versions import PublishedRubric, described
from evalhub.rubrics.models import RubricDraft
from evalhub.rubrics.service import drafts as service
from evalhub.web.api import documented, json_response, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

DRAFT = "/rubrics/drafts/<string(length=32):draft>"


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewDraft(Sent):
    source: str = Field(max_length=schema.SIZE_LIMIT, description="The YAML; it may have faults")


class ChangedDraft(NewDraft):
    revision: int = Field(ge=1, lt=2**31, description="The revision that the text rests on; else 409 `draft_conflict`")


class PublishedRevision(Sent):
    revision: int = Field(ge=1, lt=2**31, description="The revision that is meant; else 409 `draft_conflict`")


class DraftLine(BaseModel):
    id: str
    title: str
    based_on: str | None = Field(description="name@version")
    owner: str
    revision: int
    created_at: datetime
    updated_at: datetime
    url: str


class DraftOut(DraftLine):
    source: str


class DraftList(BaseModel):
    drafts: list[DraftLine]


@api_bp.get("/rubrics/drafts")
@allowed(admin)
@documented(summary="All drafts, the latest change first", responses={200: DraftList})
def drafts() -> ResponseReturnValue:
    with reading() as session:
        found = queries.drafts(session)
    return json_response(DraftList(drafts=[_line(draft) for draft in found]))


@api_bp.post("/rubrics/drafts")
@allowed(admin)
@documented(summary="Begin a draft", request=NewDraft, responses={201: DraftOut})
def create_draft() -> ResponseReturnValue:
    sent, owner_id, now = parse_body(NewDraft), require_principal().account_id, utc_now()
    draft = write(lambda s: service.create_draft(s, sent.source, owner_id=owner_id, now=now).public_id)
    return _shown(draft, 201)


@api_bp.post("/rubrics/<name>/<int:number>/drafts")
@allowed(admin)
@documented(summary="Begin a draft of the next version with the text of this one", responses={201: DraftOut})
def edit(name: str, number: int) -> ResponseReturnValue:
    owner_id, now = require_principal().account_id, utc_now()
    draft = write(lambda s: service.create_next_version(s, name, number, owner_id=owner_id, now=now).public_id)
    return _shown(draft, 201)


@api_bp.get(DRAFT)
@allowed(admin)
@documented(summary="A draft with its text", responses={200: DraftOut})
def draft(draft: str) -> ResponseReturnValue:
    return _shown(draft)


@api_bp.put(DRAFT)
@allowed(admin)
@documented(summary="Save a draft's text", request=ChangedDraft, responses={200: DraftOut})
def save_draft(draft: str) -> ResponseReturnValue:
    sent, now = parse_body(ChangedDraft), utc_now()
    write(lambda s: service.save_draft(s, draft, sent.source, revision=sent.revision, now=now).id)
    return _shown(draft)


@api_bp.delete(DRAFT)
@allowed(admin)
@documented(summary="Delete a draft", responses={204: None})
def delete_draft(draft: str) -> ResponseReturnValue:
    actor_id, now = require_principal().account_id, utc_now()
    write(lambda s: service.delete_draft(s, draft, actor_id=actor_id, now=now))
    return "", 204


@api_bp.post(f"{DRAFT}/publish")
@allowed(admin)
@documented(
    summary="Publish a draft; it is gone afterwards. 200 when this very rubric was published before",
    request=PublishedRevision,
    responses={201: PublishedRubric, 200: PublishedRubric},
)
def publish_draft(draft: str) -> ResponseReturnValue:
    sent, actor_id, now = parse_body(PublishedRevision), require_principal().account_id, utc_now()
    added = write(lambda s: service.publish_draft(s, draft, revision=sent.revision, actor_id=actor_id, now=now))
    return json_response(PublishedRubric(**described(added.version)), 201 if added.created else 200)


def _shown(public_id: str, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        found = queries.draft_of(session, public_id)
    return json_response(DraftOut(**_line(found).model_dump(), source=found.source), status)


def _line(found: RubricDraft) -> DraftLine:
    version = found.based_on
    return DraftLine(
        id=found.public_id,
        title=found.title,
        based_on=f"{version.rubric.name}@{version.number}" if version else None,
        owner=found.owner.public_id,
        revision=found.revision,
        created_at=found.created_at,
        updated_at=found.updated_at,
        url=url_for("rubrics_api.draft", draft=found.public_id),
    )
