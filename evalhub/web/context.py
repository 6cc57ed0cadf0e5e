"""What a request may ask of the app around it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import current_app, request

from evalhub.config import Settings

SETTINGS = "evalhub_settings"


def current_settings() -> Settings:
    settings: Settings = current_app.extensions[SETTINGS]
    return settings


def utc_now() -> datetime:
    """This server's clock; leases go by the database's, `db.now(session)`."""
    return datetime.now(UTC)


def visitor_address() -> str | None:
    """Where the request comes from; None where a proxy stands between that does not say.

    What a visitor writes into the header themselves stands before what the proxies add, and is never read.
    """
    settings = current_settings()
    if not settings.proxies:
        return None if settings.is_https else request.remote_addr
    passed_on = [part.strip() for part in ",".join(request.headers.getlist("X-Forwarded-For")).split(",")]
    return (passed_on[-settings.proxies] or None) if len(passed_on) >= settings.proxies else None


def is_api() -> bool:
    """Whether the request is a program's: bearer tokens only, answers in JSON, no CSRF token."""
    return request.path.startswith("/api/") or request.path == "/metrics"


def wants_json() -> bool:
    """Whether errors are answered in JSON: to programs, and to our own scripts that ask for it."""
    if is_api():
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def same_site_path(target: str | None, default: str = "/") -> str:
    """The target when it is a path on this server, else the default; so nothing redirects elsewhere."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return default
    if any(character <= " " or character in "\\\x7f" for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
