"""Calibration rounds, and items for a second reviewer, for programs."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login
from evalhub.calibration.api.blueprint import api_bp
from evalhub.calibration.queries.rounds import rounds_of
from evalhub.calibration.schema.rounds import MOST_ITEMS, Choosing, NewRound
from evalhub.calibration.service.round_figures import round_as_dict
from evalhub.calibration.service.rounds import close_round, create_round
from evalhub.errors import BadInput, Fault
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_named
from evalhub.review.service.more import MOST_AT_ONCE, hand_out_more
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading, write

Seed = Annotated[int, Field(ge=0, lt=2**63)]


class RoundIn(BaseModel):
    """A new round; everything but the name has a default."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    choosing: Annotated[str, Field(pattern="^(random|named|boundary|triage)$")] = "random"
    n: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="How many to draw; not for named items")] = 20
    items: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=MOST_ITEMS)] = []
    criterion: Annotated[str, Field(max_length=64, description="Whose boundary is meant")] = ""
    boundary: Annotated[int, Field(ge=0, le=1000, description="The lower of its two ranks")] = 0
    follows: Annotated[str, Field(max_length=32, description="Id or number of the round whose items are taken")] = ""
    rubric_version: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    reviewers: list[Annotated[str, Field(max_length=100, description="Sign-in names; none means all")]] = []
    discussed_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5
    seed: Seed | None = None


class RoundOut(BaseModel):
    """A round and, once it is closed, its figures and what changed since the one that it follows."""

    model_config = ConfigDict(extra="allow")

    id: str
    number: int
    name: str
    state: str
    rubric_version: int
    seed: int
    items: int
    discussed: int
    reviews_done: int
    reviews_needed: int
    reviewers: list[dict[str, Any]]
    criteria: list[dict[str, Any]] | None
    comparison: dict[str, Any] | None


class RoundLineOut(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    number: int
    name: str
    state: str


class RoundsOut(BaseModel):
    rounds: list[RoundLineOut]


class MoreIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    n: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)]
    criterion: Annotated[str, Field(max_length=64, description="For the log")] = ""
    seed: Seed | None = None


class MoreOut(BaseModel):
    asked: int
    given: int = Field(description="Fewer than asked for where there are no more items that one reviewer grades")
    seed: int


@api_bp.get("/projects/<p>/rounds")
@allowed(see_figures)
@documented(summary="The calibration rounds of a project, the last one first", responses={200: RoundsOut})
def rounds(p: str) -> ResponseReturnValue:
    with reading() as session:
        lines = [line.as_dict() for line in rounds_of(session, project_named(session, p).id)]
    return json_response({"rounds": lines})


@api_bp.post("/projects/<p>/rounds")
@allowed(manage_project)
@documented(summary="Hand out a calibration round", request=RoundIn, responses={201: RoundOut})
def create(p: str) -> ResponseReturnValue:
    body, by_id = parse_body(RoundIn), require_principal().account_id
    with reading() as session:
        new = _new_round(session, body)
    public_id = create_round(current_database(), p, new, by_id=by_id)
    return _shown(p, public_id, 201)


@api_bp.get("/projects/<p>/rounds/<round_id>")
@allowed(see_figures)
@documented(summary="A calibration round, by its id or number", responses={200: RoundOut})
def show(p: str, round_id: str) -> ResponseReturnValue:
    return _shown(p, round_id, 200)


@api_bp.post("/projects/<p>/rounds/<round_id>/close")
@allowed(manage_project)
@documented(summary="Take no more reviews of a round, and show its figures", responses={200: RoundOut})
def close(p: str, round_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda s: close_round(s, project_named(s, p).id, round_id, by=s.get(Account, by_id), at=utc_now()))
    return _shown(p, round_id, 200)


@api_bp.post("/projects/<p>/more-items")
@allowed(manage_project)
@documented(
    summary="Give items that one reviewer grades a second one, drawn at random",
    request=MoreIn,
    responses={200: MoreOut},
)
def more_items(p: str) -> ResponseReturnValue:
    body, by_id = parse_body(MoreIn), require_principal().account_id
    seed = secrets.randbelow(2**31) if body.seed is None else body.seed
    done = hand_out_more(current_database(), p, body.n, seed=seed, by_id=by_id, criterion=body.criterion)
    return json_response(MoreOut(asked=done.asked, given=done.given, seed=done.seed))


def _new_round(session: Session, body: RoundIn) -> NewRound:
    found = [(login, account_of_login(session, login)) for login in body.reviewers]
    faults = [Fault("schema", f'nobody signs in as "{login}"', "reviewers") for login, account in found if not account]
    if faults:
        raise BadInput("There is no such person.", faults=faults)
    return NewRound(
        name=body.name,
        seed=secrets.randbelow(2**31) if body.seed is None else body.seed,
        choosing=Choosing(body.choosing),
        items=tuple(body.items),
        n=body.n,
        criterion=body.criterion,
        boundary=body.boundary,
        follows=body.follows,
        reviewers=tuple(account.public_id for _, account in found if account),
        rubric_version=body.rubric_version,
        discussed_share=body.discussed_share,
    )


def _shown(p: str, round_id: str, status: int) -> ResponseReturnValue:
    with reading() as session:
        return json_response(round_as_dict(session, project_named(session, p).id, round_id), status)
