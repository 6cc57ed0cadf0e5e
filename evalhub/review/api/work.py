"""Claims and reviews for programs; the same services as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from evalhub.inbox.queries.rulings import rulings_for
from evalhub.projects.policies import review_in_project
from evalhub.projects.queries import project_named
from evalhub.review.api.blueprint import api_bp
from evalhub.review.policies import hold_assignment
from evalhub.review.queries.assignments import Desk, desk_of
from evalhub.review.queries.pairs import pair_of
from evalhub.review.schema import Lease, item_alias
from evalhub.review.service.claim import claim_next
from evalhub.review.service.submit import submit_review
from evalhub.rubrics.schema.review import ReviewBody, parse_review_body
from evalhub.web.answers import json_response
from evalhub.web.api import documented, strict_body
from evalhub.web.policies import allowed
from evalhub.web.principal import Scope, require_principal
from evalhub.web.session import current_database, reading


class ItemShown(BaseModel):
    """An item as a reviewer sees it: never its id, model, metadata or a hash."""

    alias: str
    messages: list[dict[str, str]]
    prompt: str | None
    context: str | None
    response: str
    tags: list[str]
    reference: str | None = None


class RulingShown(BaseModel):
    criterion: str
    text: str
    made_at: datetime


class OtherAnswer(BaseModel):
    """The other answer of a pair, which the same reviewer grades before or after."""

    alias: str
    response: str


class PairClaimed(BaseModel):
    side: Literal["left", "right"] = Field(description="Where this answer stands")
    other: OtherAnswer
    preference: bool = Field(description="Whether the review must say which answer is better: the other is graded")


class ClaimShown(BaseModel):
    assignment: str
    lease: str = Field(description="Send it with the review")
    leased_until: datetime
    item: ItemShown
    rubric: dict[str, Any] = Field(description="The rubric in the shape of its YAML, every default stated")
    pair: PairClaimed | None = Field(default=None, description="Null where the answer is graded alone")
    rulings: list[RulingShown] = Field(description="How the rubric's owner reads a criterion")


class ReviewStored(BaseModel):
    assignment: str
    review: str
    revision: int
    extra: bool = Field(description="It came too late for a slot and stands outside overlap and figures")
    next: ClaimShown | None = Field(description="The next item, leased already")


@api_bp.post("/projects/<p>/claims")
@allowed(review_in_project, scope=Scope.REVIEW)
@documented(
    summary="Claim the next item: 201 a new lease, 200 the one already held, 204 nothing is left",
    responses={201: ClaimShown, 200: ClaimShown, 204: None},
)
def claim(p: str) -> ResponseReturnValue:
    with reading() as session:
        project_id = project_named(session, p).id
    reviewer_id = require_principal().account_id
    lease = claim_next(current_database(), project_id=project_id, reviewer_id=reviewer_id)
    if lease is None:
        return "", 204
    with reading() as session:
        shown = _claim_shown(session, lease)
    return json_response(shown, 201 if lease.is_new else 200)


@api_bp.put("/assignments/<public_id>/review")
@allowed(hold_assignment, scope=Scope.REVIEW)
@documented(
    summary="Submit a review; 200 with Idempotent-Replay where it was stored before",
    request=ReviewBody,
    responses={201: ReviewStored, 200: ReviewStored},
)
def submit(public_id: str) -> ResponseReturnValue:
    principal = require_principal()
    stored = submit_review(
        current_database(),
        assignment=public_id,
        reviewer_id=principal.account_id,
        reviewer=principal.public_id,
        body=parse_review_body(strict_body()),
    )
    following = None
    if isinstance(stored.next, Lease):
        with reading() as session:
            following = _claim_shown(session, stored.next)
    answer = ReviewStored(
        assignment=stored.assignment,
        review=stored.review,
        revision=stored.revision,
        extra=stored.is_extra,
        next=following,
    )
    if stored.is_replay:
        return json_response(answer, 200, {"Idempotent-Replay": "true"})
    return json_response(answer, 201)


def _claim_shown(session: Session, lease: Lease) -> ClaimShown:
    desk = desk_of(session, lease.assignment, lease.reviewer_id)
    return ClaimShown(
        assignment=lease.assignment,
        lease=lease.token,
        leased_until=lease.leased_until,
        item=_item_shown(desk),
        rubric=desk.rubric.as_document(),
        rulings=[
            RulingShown(criterion=key, text=ruling.text, made_at=ruling.made_at)
            for key, rulings in rulings_for(session, desk.rubric_version.id).items()
            for ruling in rulings
        ],
        pair=_pair_claimed(session, desk),
    )


def _pair_claimed(session: Session, desk: Desk) -> PairClaimed | None:
    pair = pair_of(session, desk)
    if pair is None:
        return None
    other = OtherAnswer(alias=item_alias(pair.assignment.public_id), response=pair.item.response)
    return PairClaimed(side="right" if pair.is_left else "left", other=other, preference=pair.is_graded)


def _item_shown(desk: Desk) -> ItemShown:
    item = desk.item
    return ItemShown(
        alias=item_alias(desk.assignment.public_id),
        messages=item.messages or [{"role": "user", "content": item.prompt or ""}],
        prompt=item.prompt,
        context=item.context,
        response=item.response,
        tags=item.tags,
        reference=desk.reference,
    )
