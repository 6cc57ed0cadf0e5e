"""The inbox and rulings for programs."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.accounts.models import Account
from evalhub.inbox import policies, service
from evalhub.inbox.queries.entries import ShownEntry, shown_entry
from evalhub.inbox.queries.listing import EntryLine, received_entries, sent_entries
from evalhub.inbox.queries.owners import rubric_named
from evalhub.inbox.queries.rulings import rulings_of
from evalhub.inbox.schema import TEXT_LIMIT, EntryKind, EntryState, Wanted
from evalhub.inbox.service.answering import Answer
from evalhub.web.api import documented, json_response, parse_body, parse_query
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

api_bp = Blueprint("inbox_api", __name__, url_prefix="/api/v1")

Words = Annotated[str, Field(max_length=TEXT_LIMIT)]


class BoxQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sent: bool = Field(default=False, description="What you sent instead of what you answer")
    rubric: str = Field(default="", max_length=64, description="Only about this rubric")
    kind: EntryKind | None = Field(default=None, description="Only of this kind")
    state: EntryState | None = Field(default=None, description="Only in this state")
    after: Annotated[str, Field(max_length=4096)] | None = Field(default=None, description="`next` of the page before")


class EntryOut(BaseModel):
    entry: str
    kind: EntryKind
    state: EntryState
    rubric: str
    version: int
    criterion: str | None = Field(description="Its key; null for the rubric as a whole")
    item_alias: str | None
    text: str | None = Field(description="Null where it speaks of grades that you must not know yet")
    sent_at: datetime
    answer: str | None = Field(description="Null where it is not given yet, and where the text is null")
    answered_at: datetime | None
    changed_in_version: int | None


class BoxOut(BaseModel):
    entries: list[EntryOut]
    next: str | None = Field(description="Where the next page begins; null at the end")


class AnswerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Words
    changed_in_version: int | None = None
    pin_to: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Key of the criterion beside which it is pinned as a ruling"
    )
    ruling: Words = Field(default="", description="The ruling in other words than the answer's")


class RulingOut(BaseModel):
    ruling: str
    criterion: str
    text: str
    made_at: datetime
    withdrawn_at: datetime | None
    versions: list[int] = Field(description="Numbers of the versions that ask the question that it is about")


class RulingList(BaseModel):
    rulings: list[RulingOut]


@api_bp.get("/inbox")
@allowed(signed_in)
@documented(summary="What you answer, or what you sent, the last first", query=BoxQuery, responses={200: BoxOut})
def inbox() -> ResponseReturnValue:
    query, principal = parse_query(BoxQuery), require_principal()
    find = sent_entries if query.sent else partial(received_entries, is_admin=principal.is_admin)
    wanted = Wanted(query.rubric, query.kind, query.state)
    with reading() as session:
        found = find(session, principal.account_id, wanted=wanted, after=query.after)
    return json_response(BoxOut(entries=[_of_line(line) for line in found.lines], next=found.page.next_cursor))


@api_bp.get("/inbox/<public_id>")
@allowed(policies.read_entry)
@documented(summary="One entry", responses={200: EntryOut})
def entry(public_id: str) -> ResponseReturnValue:
    return json_response(_shown(public_id))


@api_bp.post("/inbox/<public_id>/answer")
@allowed(policies.answer_entry)
@documented(summary="Answer an entry, once", request=AnswerBody, responses={200: EntryOut})
def answer(public_id: str) -> ResponseReturnValue:
    body, me, now = parse_body(AnswerBody), require_principal().account_id, utc_now()
    content = Answer(body.answer, body.changed_in_version, body.pin_to, body.ruling)
    write(lambda s: service.answer_entry(s, public_id, content, by=s.get_one(Account, me), at=now).public_id)
    return json_response(_shown(public_id))


@api_bp.get("/rubrics/<name>/rulings")
@allowed(signed_in)
@documented(summary="Every ruling on a rubric, those that hold first", responses={200: RulingList})
def rulings(name: str) -> ResponseReturnValue:
    with reading() as session:
        lines = rulings_of(session, rubric_named(session, name).id)
    listed = [
        RulingOut(
            ruling=line.ruling.public_id,
            criterion=line.ruling.criterion_key,
            text=line.ruling.text,
            made_at=line.ruling.made_at,
            withdrawn_at=line.ruling.withdrawn_at,
            versions=line.versions,
        )
        for line in lines
    ]
    return json_response(RulingList(rulings=listed))


def _shown(public_id: str) -> EntryOut:
    principal = require_principal()
    with reading() as session:
        found = shown_entry(session, public_id, principal.account_id, is_admin=principal.is_admin)
    return _out(found, found.version.rubric.name, found.version.number)


def _of_line(line: EntryLine) -> EntryOut:
    return _out(line, line.rubric, line.version)


def _out(found: ShownEntry | EntryLine, rubric: str, version: int) -> EntryOut:
    row = found.entry
    return EntryOut(
        entry=row.public_id,
        kind=row.kind,
        state=row.state,
        rubric=rubric,
        version=version,
        criterion=row.criterion_key,
        item_alias=row.alias or None,
        text=found.text,
        sent_at=row.sent_at,
        answer=found.answer,
        answered_at=row.answered_at,
        changed_in_version=row.changed_in_version,
    )
