"""Logs as one JSON object a line: no control character gets out, and no secret gets in."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

import sqlalchemy.exc
from flask import Flask, Response, g, has_request_context, request

LOGGER = "evalhub"
SECRET_ROUTES = {"/links/<token>"}
"""Routes whose path is itself a credential; the log shows the route instead."""

_access = logging.getLogger("evalhub.access")


class JsonLines(logging.Formatter):
    """A record as JSON in ASCII, so that whatever it quotes cannot begin a line or steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if has_request_context() and "request_id" in g:
            line["request"] = g.request_id
        if record.exc_info:
            _hide_parameters(record.exc_info[1])
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def _hide_parameters(error: BaseException | None) -> None:
    """Statements are logged without their values, which may be anything a person sent."""
    while error is not None:
        if isinstance(error, sqlalchemy.exc.StatementError):
            error.hide_parameters = True
        error = error.__cause__ or error.__context__


def set_up_logs(level: int = logging.INFO) -> None:
    """Send the program's logs to stderr as JSON lines; called by what serves, not by the app."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def register_access_log(app: Flask) -> None:
    app.before_request(_start_clock)
    app.after_request(_log)


def _start_clock() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(6)  # what a page of an error shows, so that its lines here can be found


def seconds_taken() -> float:
    """How long this request has taken so far."""
    started: float = g.get("started", 0.0)
    return time.perf_counter() - started if started else 0.0


def _log(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else None
    fields = {
        "method": request.method,
        "path": route if route in SECRET_ROUTES else request.path,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds_taken() * 1000, 1),
    }
    visit = g.get("visit")
    principal = visit.principal if visit else g.get("principal")
    if principal:
        fields["account"] = principal.public_id
    _access.info("request", extra={"fields": fields})
    return response
