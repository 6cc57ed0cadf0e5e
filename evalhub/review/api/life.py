"""Items taken out, put back and replaced, for programs."""

from __future__ import annotations

from typing import Annotated, Any

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.accounts.models import Account
from evalhub.datasets.queries import dataset_named
from evalhub.datasets.service.revisions import replacement_of
from evalhub.review.api.blueprint import api_bp
from evalhub.review.forms import REASON_LIMIT
from evalhub.review.policies import change_items_of
from evalhub.review.service.replace import replace_item
from evalhub.review.service.withdraw import Moved, restore_item, withdraw_item
from evalhub.web.api import documented, json_response, parse_body
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import write

Reason = Annotated[str, Field(min_length=1, max_length=REASON_LIMIT, description="Why; it is kept for good")]


class ReasonBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class ReplaceBody(ReasonBody):
    item: dict[str, Any] = Field(description="As a line of a file would state it; its id is that of the address")


class MovedOut(BaseModel):
    item: str
    tasks: int = Field(description="Tasks of the item, in all projects on the dataset")
    leases_ended: int


class ReplacedOut(BaseModel):
    item: str
    revision: int
    tasks: int = Field(description="Tasks made for the new revision")


@api_bp.post("/datasets/<d>/items/<item>/withdraw")
@allowed(change_items_of)
@documented(
    summary="Take an item out of all projects: nobody is given it, and its ratings count nowhere",
    request=ReasonBody,
    responses={200: MovedOut},
)
def withdraw(d: str, item: str) -> ResponseReturnValue:
    body, by_id = parse_body(ReasonBody), require_principal().account_id
    moved = write(
        lambda s: withdraw_item(s, dataset_named(s, d).id, item, reason=body.reason, by=s.get_one(Account, by_id))
    )
    return json_response(_moved(item, moved), 200)


@api_bp.post("/datasets/<d>/items/<item>/restore")
@allowed(change_items_of)
@documented(
    summary="Put a withdrawn item back: its ratings count again, and what is free returns to the queues",
    request=ReasonBody,
    responses={200: MovedOut},
)
def restore(d: str, item: str) -> ResponseReturnValue:
    body, by_id = parse_body(ReasonBody), require_principal().account_id
    moved = write(
        lambda s: restore_item(s, dataset_named(s, d).id, item, reason=body.reason, by=s.get_one(Account, by_id))
    )
    return json_response(_moved(item, moved), 200)


@api_bp.put("/datasets/<d>/items/<item>")
@allowed(change_items_of)
@documented(
    summary="Put a new revision in the place of an item, to be graded anew: 201, or 200 when it says this already",
    request=ReplaceBody,
    responses={201: ReplacedOut, 200: ReplacedOut},
)
def replace(d: str, item: str) -> ResponseReturnValue:
    body, by_id = parse_body(ReplaceBody), require_principal().account_id
    row = replacement_of(item, body.item)
    done = write(
        lambda s: replace_item(s, dataset_named(s, d).id, row, reason=body.reason, by=s.get_one(Account, by_id))
    )
    return json_response(
        ReplacedOut(item=item, revision=done.revision, tasks=done.n_tasks), 201 if done.is_new else 200
    )


def _moved(item: str, moved: Moved) -> MovedOut:
    return MovedOut(item=item, tasks=moved.n_tasks, leases_ended=moved.n_leases)
