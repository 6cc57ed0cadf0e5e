"""What the web asks of accounts: who is behind a cookie or a token, and what to answer a stranger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from evalhub.accounts import service
from evalhub.accounts.forms import SignInForm
from evalhub.accounts.models import Account
from evalhub.accounts.queries import display_names, live_session, live_token, settings_of
from evalhub.accounts.schema import PersonalSettings
from evalhub.errors import Unavailable
from evalhub.web.context import current_settings, utc_now
from evalhub.web.csrf import FIELD, SAFE_METHODS
from evalhub.web.guard import MIB
from evalhub.web.principal import Accounts, Principal, Scope, Visit, current_visit
from evalhub.web.session import reading, write

LAST_USE = timedelta(minutes=5)
"""How long a last use stays as it is noted, so that reading writes next to nothing."""

KEPT = "kept."
TARGET = "kept-target"


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that came without a session, to be sent again after signing in."""

    target: str
    fields: list[tuple[str, str]]


def visit_of_cookie(secret: str) -> Visit | None:
    now = utc_now()
    idle = timedelta(minutes=current_settings().session_idle_minutes)
    with reading() as session:
        found = live_session(session, secret, now=now, idle=idle)
        if found is None:
            return None
        g.personal_settings = settings_of(session, found[1].id)
    row, account = found
    if _is_stale(row.last_seen_at, now):
        session_id = row.id
        _note(lambda session: service.note_seen(session, session_id, now=now))
    return Visit(_principal(account, "session"), row.id, row.csrf_token)


def personal_settings() -> PersonalSettings:
    """How the person behind this request likes to read and type; read with their session, so no page asks again."""
    current_visit()
    settings: PersonalSettings = g.get("personal_settings", PersonalSettings())
    return settings


def principal_of_token(token: str) -> Principal | None:
    now = utc_now()
    with reading() as session:
        found = live_token(session, token, now=now)
    if found is None:
        return None
    row, account = found
    if row.last_used_at is None or _is_stale(row.last_used_at, now):
        token_id = row.id
        _note(lambda session: service.note_used(session, token_id, now=now))
    return replace(_principal(account, "token"), scopes=frozenset(map(Scope, row.scopes)), until=row.expires_at)


def ask_to_sign_in() -> ResponseReturnValue:
    """To the sign-in page; a form that was sent is carried along in it, so that no word is lost."""
    if request.method in SAFE_METHODS:
        target = request.full_path if request.query_string else request.path
        return redirect(url_for("accounts.sign_in", next=target), 303)
    page = render_template("accounts/sign_in.html", form=SignInForm(), next="", kept=_sent_form())
    return make_response(page, 401)


def names_of(public_ids: Iterable[str]) -> dict[str, str]:
    with reading() as session:
        return display_names(session, public_ids)


def kept_form() -> Kept | None:
    """What the sign-in page carried along."""
    target = request.form.get(TARGET)
    if not target:
        return None
    fields = [
        (name.removeprefix(KEPT), value) for name, value in request.form.items(multi=True) if name.startswith(KEPT)
    ]
    return Kept(target, fields)


def _sent_form() -> Kept | None:
    if request.method != "POST" or (request.content_length or 0) > current_settings().max_body_mib * MIB:
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != FIELD]
    return Kept(request.full_path if request.query_string else request.path, fields)


def _note(use: Callable[[Session], None]) -> None:
    """Note a last use; where that cannot be stored, as on a full disk, what only reads goes on without it."""
    try:
        write(use)
    except (Unavailable, DBAPIError, OSError) as error:
        current_app.logger.warning("a last use could not be noted: %s", type(error).__name__)


def _is_stale(last: datetime, now: datetime) -> bool:
    return now - last >= LAST_USE


def _principal(account: Account, via: Literal["session", "token"]) -> Principal:
    return Principal(account.id, account.public_id, account.display_name, account.is_admin, via)


ACCOUNTS = Accounts(visit_of_cookie, principal_of_token, ask_to_sign_in, names_of)
