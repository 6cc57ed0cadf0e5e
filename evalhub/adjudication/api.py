"""Cases for programs; the same services as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.accounts.models import Account
from evalhub.adjudication.models import CaseState
from evalhub.adjudication.policies import settle_case
from evalhub.adjudication.queries.filtered import CaseFilter, Waits
from evalhub.adjudication.queries.listing import CaseLine, case_page
from evalhub.adjudication.schema import DecisionBody
from evalhub.adjudication.service.asking import ask_before_deciding
from evalhub.adjudication.service.decide import decide
from evalhub.projects.policies import see_cases
from evalhub.projects.queries import project_named
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body, parse_query
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import Scope, require_principal
from evalhub.web.session import reading, write

api_bp = Blueprint("adjudication_api", __name__, url_prefix="/api/v1")


class CaseQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: str = Field(
        default="open", pattern="^(open|decided|corrected|set_aside|all)$", description="Only cases in this state"
    )
    criterion: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Only cases that dispute this criterion"
    )
    after: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None, description="`next` of the page before; without it the first page"
    )


class LevelShown(BaseModel):
    level: str
    n: int


class DisputeShown(BaseModel):
    criterion: str
    title: str
    reasons: list[str]
    levels: list[LevelShown] = Field(description="Answers a level, from the worst; empty on a range")
    values: list[float]
    not_applicable: int


class CaseShown(BaseModel):
    id: str
    alias: str
    state: str
    opened_at: datetime
    triage: float = Field(description="The queue is sorted by it, the highest first, then by age")
    revision: int = Field(description="Of the decision that stands; 0 before the first; send it with a decision")
    reviewers: int
    corrections: int = Field(description="Corrections that wait for an answer")
    waits_for_one_more: bool = Field(description="One more reviewer was asked; no decision is taken meanwhile")
    disputed: list[DisputeShown]


class CasesShown(BaseModel):
    cases: list[CaseShown]
    next: str | None = Field(description="Where the next page begins; null on the last")
    total: int = Field(description="How many cases there are, counted up to 1000")


class CaseAsked(BaseModel):
    case: str


class DecisionStored(BaseModel):
    case: str
    revision: int


@api_bp.get("/projects/<p>/cases")
@allowed(see_cases)
@documented(
    summary="The queue of cases, without those of items that you graded or may still claim",
    query=CaseQuery,
    responses={200: CasesShown},
)
def cases(p: str) -> ResponseReturnValue:
    query = parse_query(CaseQuery)
    with reading() as session:
        found = case_page(
            session,
            project_named(session, p).id,
            require_principal().account_id,
            CaseFilter(state=None if query.state == "all" else CaseState(query.state), criterion=query.criterion),
            after=query.after,
        )
    shown = [_shown(line) for line in found.lines]
    return json_response(CasesShown(cases=shown, next=found.next_cursor, total=found.total))


@api_bp.post("/cases/<public_id>/one-more")
@allowed(settle_case, scope=Scope.REVIEW)
@documented(
    summary="Have one more reviewer grade the item of a case before it is decided, taking the case",
    responses={200: CaseAsked},
)
def ask_one_more(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda session: ask_before_deciding(session, public_id, by=session.get_one(Account, by_id)))
    return json_response(CaseAsked(case=public_id))


@api_bp.put("/cases/<public_id>/decision")
@allowed(settle_case, scope=Scope.REVIEW)
@documented(
    summary="Settle the disputed criteria of a case, taking it; 200 with Idempotent-Replay where it was stored before",
    request=DecisionBody,
    responses={201: DecisionStored, 200: DecisionStored},
)
def settle(public_id: str) -> ResponseReturnValue:
    body, by_id = parse_body(DecisionBody), require_principal().account_id
    stored = write(lambda session: decide(session, public_id, body, by=session.get_one(Account, by_id), at=utc_now()))
    answer = DecisionStored(case=stored.case, revision=stored.revision)
    if stored.is_replay:
        return json_response(answer, 200, {"Idempotent-Replay": "true"})
    return json_response(answer, 201)


def _shown(line: CaseLine) -> CaseShown:
    return CaseShown(
        id=line.public_id,
        alias=line.alias,
        state=line.state.value,
        opened_at=line.opened_at,
        triage=line.triage,
        revision=line.revision,
        reviewers=line.n_reviewers,
        corrections=line.n_corrections,
        waits_for_one_more=Waits.ONE_MORE in line.waits,
        disputed=[
            DisputeShown(
                criterion=spread.criterion.key,
                title=spread.criterion.title,
                reasons=list(spread.reasons),
                levels=[
                    LevelShown(level=level.key, n=n)
                    for level, (_, n) in zip(spread.criterion.levels, spread.levels, strict=True)
                ],
                values=list(spread.values),
                not_applicable=spread.n_not_applicable,
            )
            for spread in line.spreads
        ],
    )
