"""Who is asking. The accounts stage supplies how that is found out, so that `web` imports no stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, NotSignedIn
from evalhub.web.context import is_api
from evalhub.web.cookies import session_cookie_name

ACCOUNTS = "evalhub_accounts"


class Scope(StrEnum):
    """What an API token is for; it never lets anybody do what their account may not."""

    READ = "read"
    REVIEW = "review"
    MANAGE = "manage"
    ADMIN = "admin"


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request, signed in by a session of the browser or by an API token."""

    account_id: int
    public_id: str
    display_name: str
    is_admin: bool
    via: Literal["session", "token"]
    scopes: frozenset[Scope] = EVERY_SCOPE
    until: datetime | None = None
    """When the token expires; None of one that does not, and of a session."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's signed-in session."""

    principal: Principal
    session_id: int
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the accounts stage does for the web."""

    visit_of_cookie: Callable[[str], Visit | None]
    principal_of_token: Callable[[str], Principal | None]
    ask_to_sign_in: Callable[[], ResponseReturnValue]
    """The answer to a browser that must sign in first; keeps what was sent."""
    names_of: Callable[[Iterable[str]], dict[str, str]]
    """Display names by public id, of those that there are."""


def register_accounts(app: Flask, accounts: Accounts) -> None:
    app.extensions[ACCOUNTS] = accounts


def accounts() -> Accounts:
    found: Accounts = current_app.extensions[ACCOUNTS]
    return found


def current_visit() -> Visit | None:
    """The session of this browser, looked up once a request; None for programs and strangers."""
    if "visit" not in g:
        g.visit = None  # so that an error page does not ask a failing database again
        value = request.cookies.get(session_cookie_name())
        if value and not is_api():
            g.visit = accounts().visit_of_cookie(value)
    visit: Visit | None = g.visit
    return visit


def current_principal() -> Principal | None:
    if not is_api():
        visit = current_visit()
        return visit.principal if visit else None
    if "principal" not in g:
        g.principal = None
        g.principal = _bearer()
    principal: Principal | None = g.principal
    return principal


def require_principal() -> Principal:
    """The person behind this request.

    Raises:
        NotSignedIn: when there is none.
    """
    principal = current_principal()
    if principal is None:
        raise NotSignedIn(
            "This needs an API token: send `Authorization: Bearer evh_…`."
            if is_api()
            else "Sign in first; nothing has been stored."
        )
    return principal


def _bearer() -> Principal | None:
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    if session_cookie_name() in request.cookies:
        raise Ambiguous("Send either the token or the cookie, not both; programs send the token alone.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return accounts().principal_of_token(token.strip())


class Ambiguous(BadInput):
    code = "two_credentials"
    http_status = 400
