"""What went wrong, as a page for people or JSON for programs; mapped here once, never with a stack trace."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy.exc
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from evalhub.errors import (
    BadInput,
    EvalhubError,
    Fault,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooMany,
    Unavailable,
    UnsupportedMedia,
)
from evalhub.web.answers import json_response
from evalhub.web.context import is_api, same_site_path, wants_json
from evalhub.web.principal import accounts

RETRY_AFTER_SECONDS = 5
BACK = "Use your browser's Back button"
WORDS: dict[int, tuple[str, str]] = {
    400: ("This request cannot be answered", f"{BACK}, load the page again, and send it once more."),
    403: ("You may not do this", "An admin, or a manager of the project, can give you the role that may."),
    404: ("Page not found", "Look for a slip in the address, or begin from home."),
    405: ("This page takes no such request", "Begin from home."),
    409: ("Something has changed meanwhile", f"{BACK} and load the page again to see how it stands now."),
    413: ("Too large", f"{BACK}: what you typed is still there. Then send a smaller file or a shorter text."),
    415: ("A file of another kind is wanted", f"{BACK} and choose another file."),
    422: ("Something needs to be corrected", f"{BACK}: what you typed is still there."),
    429: ("Too many requests", "Wait a minute, then try again."),
    500: ("Something went wrong on our side", "Try again; if it happens once more, tell an admin the number below."),
    503: ("Not available just now", "Wait a moment, then load the page again."),
    507: ("The disk is full", "Nothing you do can help; an admin has to make room."),
}
"""What happened, and what to do about it, by status."""
POSTGRES_DISK_FULL = "53100"


class StorageFull(Unavailable):
    code = "storage_full"
    http_status = 507


def register_errors(app: Flask) -> None:
    app.register_error_handler(EvalhubError, answer_error)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(sqlalchemy.exc.DBAPIError, _answer_database)
    app.register_error_handler(sqlalchemy.exc.TimeoutError, _answer_pool)
    app.register_error_handler(OSError, _answer_system)


def answer_error(error: EvalhubError) -> ResponseReturnValue:
    """The answer to one of our own errors, with its status, and where it helps with a header."""
    if isinstance(error, NotSignedIn) and not wants_json():
        return accounts().ask_to_sign_in()
    response = make_response(error_json(error) if wants_json() else _page(error.http_status, error.message, error))
    response.status_code = error.http_status
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotSignedIn) and is_api():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def error_json(error: EvalhubError) -> Response:
    return _json(error.http_status, error.code, error.message, error.faults, getattr(error, "total", None))


def _json(status: int, code: str, message: str, faults: Iterable[Fault] = (), total: int | None = None) -> Response:
    details = [fault.as_detail() for fault in faults]
    body: dict[str, Any] = {"code": code, "message": message, "details": details}
    if total is not None and total > len(details):
        body["total"] = total
    return json_response({"error": body}, status)


def _page(status: int, message: str, error: EvalhubError | None = None) -> str:
    title, advice = WORDS.get(status, (HTTPStatus(status).phrase, ""))
    return render_template(
        "error.html",
        title=title,
        status=status,
        message=message,
        advice=advice,
        back=_page_before(),
        faults=error.faults if error else (),
        request_id=g.get("request_id") if status >= 500 else None,
    )


def _page_before() -> str | None:
    """Our own page that led to this one by a link."""
    before = urlsplit(request.referrer or "")
    if request.method != "GET" or before.netloc != request.host or before.path == request.path:
        return None
    return same_site_path(before._replace(scheme="", netloc="").geturl())


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    known = {404: NotFound, 413: TooLarge, 415: UnsupportedMedia}
    message = error.description or HTTPStatus(status).phrase
    if status in known:
        return answer_error(NotFound() if status == 404 else known[status](message))
    if status == 500:
        message = "It has been logged; what you sent may not have been stored."
    code = re.sub(r"\W+", "_", HTTPStatus(status).phrase.lower())
    response = make_response(_json(status, code, message) if wants_json() else _page(status, message))
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _answer_database(error: sqlalchemy.exc.DBAPIError) -> ResponseReturnValue:
    if _is_disk_full(error):
        return _answer_full()
    if isinstance(error, sqlalchemy.exc.DataError):
        return answer_error(BadInput("A value does not fit: too long, too large, or with a character nobody can see."))
    if isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError):
        current_app.logger.error("the database cannot be used: %s", type(error.orig).__name__)
        return answer_error(Unavailable("The database cannot be reached just now; nothing was stored. Try again."))
    raise error


def _answer_pool(error: sqlalchemy.exc.TimeoutError) -> ResponseReturnValue:
    return answer_error(Unavailable("The server is busy; nothing was stored. Try again in a moment."))


def _answer_system(error: OSError) -> ResponseReturnValue:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _answer_full()
    raise error


def _answer_full() -> ResponseReturnValue:
    current_app.logger.error("the disk is full")
    return answer_error(StorageFull("The server's disk is full; nothing was stored. Tell its administrator."))


def _is_disk_full(error: sqlalchemy.exc.DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == POSTGRES_DISK_FULL or "database or disk is full" in str(error.orig)
