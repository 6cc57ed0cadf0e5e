"""Static files, and what every template may use."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from evalhub.web.csrf import csrf_token
from evalhub.web.policies import allowed, anyone
from evalhub.web.principal import current_principal

STATIC = Path(__file__).parent / "static"
A_YEAR = 31_536_000

bp = Blueprint("web", __name__)


@bp.get("/static/<path:name>")
@allowed(anyone)
def static(name: str) -> ResponseReturnValue:
    """A file of ours; kept for good by browsers that asked for it by its hash."""
    response = send_from_directory(STATIC, name)
    is_versioned = "v" in request.args
    response.cache_control.no_cache = None if is_versioned else True
    response.cache_control.public = True
    if is_versioned:
        response.cache_control.max_age = A_YEAR
        response.cache_control.immutable = True
    return response


@bp.get("/favicon.ico")
@allowed(anyone)
def favicon() -> ResponseReturnValue:
    return "", 204


def static_url(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return url_for("web.static", name=name, v=_version(name))


@lru_cache(maxsize=512)
def _version(name: str) -> str:
    path = STATIC / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "0"


def register_pages(app: Flask) -> None:
    app.context_processor(_for_templates)
    app.register_blueprint(bp)


def _for_templates() -> dict[str, Any]:
    return {"principal": current_principal(), "csrf_token": csrf_token, "static_url": static_url}
