"""The whole log, for admins; a project's own stands with the project."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from evalhub.audit.shown import log_file, log_page, verify_and_say
from evalhub.web.policies import admin, allowed

bp = Blueprint("audit", __name__, template_folder="templates")


@bp.get("/audit")
@allowed(admin)
def audit() -> ResponseReturnValue:
    return log_page(url_for("audit.audit"))


@bp.post("/audit/verify")
@allowed(admin)
def verify() -> ResponseReturnValue:
    """Chain what waits, then look at every chain from its beginning."""
    verify_and_say()
    return redirect(url_for("audit.audit"), 303)


@bp.get("/audit/download")
@allowed(admin)
def download() -> ResponseReturnValue:
    return log_file("audit.jsonl")
