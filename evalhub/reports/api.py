"""The items of a project for programs; what the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.errors import BadInput, Fault, Forbidden
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_named
from evalhub.reports.policies import onlooker_of, reader_of
from evalhub.reports.queries.explanation import explanation_of, is_hidden_item
from evalhub.reports.queries.items import ITEMS_BY, item_page
from evalhub.reports.queries.offered import FILTERS, offered
from evalhub.reports.schema.explanation import Explanation
from evalhub.reports.schema.items import ItemLine
from evalhub.review.queries.named import item_in
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_query
from evalhub.web.listing import LONGEST_FILTER, listing_of
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading

api_bp = Blueprint("reports_api", __name__, url_prefix="/api/v1")

Asked = Annotated[str, Field(max_length=LONGEST_FILTER)]


class ItemsQuery(BaseModel):
    """Filters of the list of items, each off while it is empty."""

    model_config = ConfigDict(extra="forbid")

    q: Asked = Field(default="", description="How the id, the prompt or the answer begins")
    state: Asked = Field(default="", description="waiting, begun, in_review, one_more, scored, in_adjudication, …")
    model: Asked = Field(default="", description="Only answers of this model")
    tag: Asked = Field(default="", description="Only items with this tag")
    batch: Asked = Field(default="", description="Number of the batch")
    reviewer: Asked = Field(default="", description="Id of the account; for viewers the pseudonym of exports")
    level: Asked = Field(default="", description="criterion:level that somebody gave")
    failure: Asked = Field(default="", description="criterion:tag that somebody ticked")
    sort: Annotated[str, Field(pattern=f"^-?({'|'.join(ITEMS_BY)})$")] = Field(
        default="added", description="What the list is in order of; with - the other way round"
    )
    after: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None, description="`next` of the page before; without it the first page"
    )


class ItemShown(BaseModel):
    """One item; of a hidden one, which you are still to answer, only id, task and tags are given."""

    item: str
    task: str = Field(description="Names the item in addresses, like its id")
    tags: Sequence[str]
    batch: str
    hidden: bool
    model: str | None
    state: str | None
    held_reason: str | None
    reviews: int | None
    needed: int | None
    score: float | None = Field(description="Of a final item, where it has one")
    level: str | None
    passed: bool | None
    undecided: Sequence[str] = Field(description="Criteria that keep a complete item from a score")
    updated_at: datetime | None


class ItemsShown(BaseModel):
    items: list[ItemShown]
    next: str | None = Field(description="Where the next page begins; null on the last")
    total: int = Field(description="How many items there are, counted up to 1001")


@api_bp.get("/projects/<p>/items")
@allowed(see_figures)
@documented(
    summary="The items of a project; filters that tell of work leave out those that you may still grade",
    query=ItemsQuery,
    responses={200: ItemsShown},
)
def items(p: str) -> ResponseReturnValue:
    principal, asked = require_principal(), parse_query(ItemsQuery).model_dump(exclude_none=True)
    listing = listing_of(asked, at="", sorts=tuple(ITEMS_BY), filters=FILTERS)
    with reading() as session:
        project = project_named(session, p)
        choices = offered(session, project, names=manage_project(principal, p))
        if unknown := choices.unknown(listing.filters):
            faults = [Fault("schema", f'the project has no "{listing.filters[name]}"', name) for name in unknown]
            raise BadInput("The query string is not as it should be.", faults=faults)
        page = item_page(session, project, onlooker_of(principal, p), choices.wanted(listing.filters), listing)
    shown = [_shown(line) for line in page.lines]
    return json_response(ItemsShown(items=shown, next=page.next_cursor, total=page.total))


@api_bp.get("/projects/<p>/items/<item>")
@allowed(see_figures)
@documented(
    summary="Why an item scored what it did, with its whole history; <item> is its id or a task of it",
    responses={200: Explanation},
)
def item(p: str, item: str) -> ResponseReturnValue:
    principal = require_principal()
    with reading() as session:
        project = project_named(session, p)
        found = item_in(session, project, item)
        if is_hidden_item(session, project, found, principal.account_id):
            raise Forbidden("You may still grade this item, or graded it and its case is open.", code="may_still_grade")
    reader = reader_of(principal, p)
    with reading() as session:
        return json_response(explanation_of(session, project.id, found.id, reader))


def _shown(line: ItemLine) -> ItemShown:
    overall = line.overall
    return ItemShown(
        item=line.external_id,
        task=line.ref,
        tags=line.tags,
        batch=line.batch,
        hidden=line.is_hidden,
        model=line.model,
        state=line.stage.value if line.stage else None,
        held_reason=line.held_reason,
        reviews=line.done,
        needed=line.slots,
        score=overall.score if overall else None,
        level=overall.level.value if overall and overall.level else None,
        passed=overall.passed if overall else None,
        undecided=line.undecided,
        updated_at=line.updated_at,
    )
