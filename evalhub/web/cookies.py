"""Names and attributes of the cookies; the session's value is known to the browser only."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response

from evalhub.config import Settings
from evalhub.web.context import current_settings


def cookie_name(settings: Settings, purpose: str) -> str:
    """Bound to host and TLS by its prefix; on plain HTTP, which only loopback may use, to the port."""
    if settings.is_https:
        return f"__Host-{purpose}"
    return f"{purpose}-{urlsplit(settings.base_url).port or 80}"


def session_cookie_name() -> str:
    return cookie_name(current_settings(), "evalhub")


def set_session_cookie(response: Response, value: str) -> None:
    """Valid until the browser is closed or the server's own limits end the session."""
    response.set_cookie(
        session_cookie_name(), value, path="/", secure=current_settings().is_https, httponly=True, samesite="Lax"
    )


def clear_session_cookie(response: Response) -> None:
    response.delete_cookie(
        session_cookie_name(), path="/", secure=current_settings().is_https, httponly=True, samesite="Lax"
    )
