"""A reviewer's question to the owner of the rubric, for programs."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.inbox.schema import TEXT_LIMIT, EntryKind
from evalhub.review.api.blueprint import api_bp
from evalhub.review.policies import hold_assignment
from evalhub.review.service.flag import flag_item
from evalhub.web.api import documented, json_response, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import Scope, require_principal
from evalhub.web.session import write


class FlagBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["question", "flag"] = Field(description="A question, or a report that something is wrong")
    criterion: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Its key; null for the rubric or the item as a whole"
    )
    text: Annotated[str, Field(max_length=TEXT_LIMIT)]


class FlagStored(BaseModel):
    entry: str
    url: str


@api_bp.post("/assignments/<public_id>/flag")
@allowed(hold_assignment, scope=Scope.REVIEW)
@documented(
    summary="Ask the owner of the rubric about the item, or report that something is wrong",
    request=FlagBody,
    responses={201: FlagStored},
)
def flag(public_id: str) -> ResponseReturnValue:
    body, me, now = parse_body(FlagBody), require_principal().account_id, utc_now()
    kind = EntryKind(body.kind)
    entry = write(
        lambda s: flag_item(s, public_id, me, kind=kind, criterion=body.criterion, text=body.text, at=now).public_id
    )
    return json_response(FlagStored(entry=entry, url=url_for("inbox_api.entry", public_id=entry)), 201)
