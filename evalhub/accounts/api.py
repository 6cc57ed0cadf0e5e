"""Accounts for programs: oneself, one's tokens, and, for admins, people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts import queries, service
from evalhub.accounts.models import Account, InstanceRole
from evalhub.accounts.schema import link_url
from evalhub.errors import Forbidden
from evalhub.web.api import documented, json_response, parse_body
from evalhub.web.context import current_settings, utc_now
from evalhub.web.policies import admin, allowed, signed_in
from evalhub.web.principal import Scope, require_principal
from evalhub.web.session import reading, write

api_bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1")

Words = list[Annotated[str, Field(max_length=100)]]


class Me(BaseModel):
    account: str
    display_name: str
    is_admin: bool
    scopes: list[Scope]


class TokenIn(BaseModel):
    """A new token of one's own; it may do no more than the token that asks for it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: list[Scope] = [Scope.READ]
    expires_at: AwareDatetime | None = None


class TokenOut(BaseModel):
    id: str
    name: str
    scopes: list[Scope]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None


class NewTokenOut(BaseModel):
    token: Annotated[str, Field(description="Shown this once")]


class TokensOut(BaseModel):
    tokens: list[TokenOut]


class PersonIn(BaseModel):
    """Somebody to be invited."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(max_length=100)]
    display_name: Annotated[str, Field(max_length=200)] = ""
    role: InstanceRole = InstanceRole.MEMBER
    domains: Words = []
    languages: Words = []


class PersonChange(BaseModel):
    """What is to be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: InstanceRole | None = None
    domains: Words | None = None
    languages: Words | None = None
    is_disabled: bool | None = None


class PersonOut(BaseModel):
    account: str
    login: str
    display_name: str
    role: InstanceRole
    is_disabled: bool
    has_password: bool
    last_seen_at: AwareDatetime | None
    domains: list[str]
    languages: list[str]


class InvitedOut(BaseModel):
    person: PersonOut
    link: Annotated[str, Field(description="Works once; shown this once")]


class PeopleOut(BaseModel):
    people: list[PersonOut]


@api_bp.get("/me")
@allowed(signed_in)
@documented(summary="Whose token this is", responses={200: Me})
def me() -> ResponseReturnValue:
    who = require_principal()
    return json_response(
        Me(account=who.public_id, display_name=who.display_name, is_admin=who.is_admin, scopes=sorted(who.scopes))
    )


@api_bp.get("/tokens")
@allowed(signed_in)
@documented(summary="One's own tokens that were not revoked", responses={200: TokensOut})
def tokens() -> ResponseReturnValue:
    with reading() as session:
        found = queries.tokens_of(session, require_principal().account_id)
    listed = [
        TokenOut(
            id=row.public_id,
            name=row.name,
            scopes=[Scope(scope) for scope in row.scopes],
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )
        for row in found
    ]
    return json_response(TokensOut(tokens=listed))


@api_bp.post("/tokens")
@allowed(signed_in)
@documented(summary="Make a token of one's own", request=TokenIn, responses={201: NewTokenOut})
def make_token() -> ResponseReturnValue:
    body, who = parse_body(TokenIn), require_principal()
    if missing := sorted(set(body.scopes) - who.scopes):
        raise Forbidden(f"This token cannot give what it has not: {', '.join(missing)}.", code="scope")
    if who.until is not None and (body.expires_at is None or body.expires_at > who.until):
        raise Forbidden(f"This token ends at {who.until:%Y-%m-%dT%H:%M:%SZ}, and what it makes no later.", code="scope")
    token = write(
        lambda session: service.create_token(
            session,
            account_id=who.account_id,
            name=body.name,
            scopes=body.scopes,
            expires_at=body.expires_at,
            now=utc_now(),
            by_id=who.account_id,
        )
    )
    return json_response(NewTokenOut(token=token), 201)


@api_bp.delete("/tokens/<token_id>")
@allowed(signed_in)
@documented(summary="Revoke one of one's own tokens", responses={204: None})
def revoke_token(token_id: str) -> ResponseReturnValue:
    who = require_principal().account_id
    write(lambda s: service.revoke_token(s, token_id, account_id=who, by_id=who, now=utc_now()))
    return Response(status=204)


@api_bp.get("/people")
@allowed(admin)
@documented(summary="Everybody who can sign in, by sign-in name", responses={200: PeopleOut})
def people() -> ResponseReturnValue:
    with reading() as session:
        profiles = queries.profiles(session)
        found = [_out(account, *profiles.get(account.id, ([], []))) for account in queries.all_people(session)]
    return json_response(PeopleOut(people=found))


@api_bp.post("/people")
@allowed(admin)
@documented(summary="Invite somebody", request=PersonIn, responses={201: InvitedOut})
def invite() -> ResponseReturnValue:
    body, by_id, now = parse_body(PersonIn), require_principal().account_id, utc_now()

    def make(session: Session) -> tuple[PersonOut, str]:
        name = body.display_name or body.login
        account, token = service.invite(session, body.login, name, body.role, by_id=by_id, now=now)
        service.set_profile(session, account.id, body.domains, body.languages, by_id=by_id, now=now)
        return _person(session, account), token

    person, token = write(make)
    return json_response(InvitedOut(person=person, link=link_url(current_settings().base_url, token)), 201)


@api_bp.patch("/people/<account>")
@allowed(admin)
@documented(summary="Change, disable or enable somebody", request=PersonChange, responses={200: PersonOut})
def change(account: str) -> ResponseReturnValue:
    body, by_id = parse_body(PersonChange), require_principal().account_id
    return json_response(write(lambda session: _change(session, account, body, by_id)))


def _change(session: Session, public_id: str, body: PersonChange, by_id: int) -> PersonOut:
    account, now = queries.account_or_404(session, public_id), utc_now()
    if body.role is not None:
        service.set_role(session, account.id, body.role, by_id=by_id, now=now)
    if body.domains is not None or body.languages is not None:
        domains = queries.domains_of(session, account.id) if body.domains is None else body.domains
        languages = queries.languages_of(session, account.id) if body.languages is None else body.languages
        service.set_profile(session, account.id, domains, languages, by_id=by_id, now=now)
    if body.is_disabled is not None:
        act: Callable[..., None] = service.disable if body.is_disabled else service.enable
        act(session, account.id, by_id=by_id, now=now)
    session.flush()
    return _person(session, account)


def _person(session: Session, account: Account) -> PersonOut:
    return _out(account, queries.domains_of(session, account.id), queries.languages_of(session, account.id))


def _out(account: Account, domains: list[str], languages: list[str]) -> PersonOut:
    return PersonOut(
        account=account.public_id,
        login=account.login or "",
        display_name=account.display_name,
        role=account.role,
        is_disabled=account.disabled_at is not None,
        has_password=account.password_hash is not None,
        last_seen_at=account.last_seen_at,
        domains=domains,
        languages=languages,
    )
