"""What every request passes before its view: host, origin, body, policy, CSRF token; and the headers on the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, SecurityError

from evalhub.config import LOOPBACK, Settings
from evalhub.errors import NotFound, UnsupportedMedia
from evalhub.web.context import current_settings
from evalhub.web.cookies import cookie_name
from evalhub.web.csrf import check_csrf, check_origin
from evalhub.web.headers import add_headers
from evalhub.web.policies import check_policy

View = TypeVar("View", bound=Callable[..., Any])

MIB = 1024 * 1024
_LARGE = "evalhub_large_body"


def large_body(view: View) -> View:
    """Let a view take bodies up to the limit of imports instead of that of forms."""
    setattr(view, _LARGE, True)
    return view


def guard(app: Flask, settings: Settings) -> None:
    """Set the limits and register the checks, in their order."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_body_mib * MIB,
        MAX_FORM_MEMORY_SIZE=settings.max_body_mib * MIB,
        TRUSTED_HOSTS=_hosts(settings),
        SESSION_COOKIE_NAME=cookie_name(settings, "evalhub-visitor"),
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    for check in (_check_host, check_origin, _check_body, _check_characters, check_policy, check_csrf):
        app.before_request(check)
    app.after_request(add_headers)


def _hosts(settings: Settings) -> list[str]:
    hosts = [settings.host, *settings.trusted_hosts]
    return [*hosts, *("[::1]" if host == "::1" else host for host in LOOPBACK)] if settings.is_loopback else hosts


def _check_host() -> ResponseReturnValue | None:
    """A page cannot be made for a host that is not ours, since it could not name its own address."""
    if isinstance(request.routing_exception, SecurityError):
        return Response("This is not the host that you asked for.\n", 400, mimetype="text/plain")
    return None


def _check_body() -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Send the body as it is; compressed ones are not taken.")
    if request.endpoint and getattr(current_app.view_functions[request.endpoint], _LARGE, False):
        request.max_content_length = current_settings().max_import_mib * MIB


def _check_characters() -> None:
    """No text of ours holds NUL, and one of the databases refuses to be asked for it."""
    if any("\0" in value for value in (request.view_args or {}).values() if isinstance(value, str)):
        raise NotFound
    if any("\0" in value for _, value in request.args.items(multi=True)):
        raise BadRequest("The address holds a character that no text has (NUL).")
