"""A project's own log, for its managers."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from evalhub.audit.shown import log_file, log_page, verify_and_say
from evalhub.projects.models import Project
from evalhub.projects.queries import project_named
from evalhub.reports.policies import read_log
from evalhub.reports.views.blueprint import bp
from evalhub.web.policies import allowed
from evalhub.web.session import reading


@bp.get("/projects/<p>/audit")
@allowed(read_log)
def project_log(p: str) -> ResponseReturnValue:
    project = _project(p)
    return log_page(url_for("reports.project_log", p=p), chain=project.public_id, project=project)


@bp.post("/projects/<p>/audit/verify")
@allowed(read_log)
def verify_log(p: str) -> ResponseReturnValue:
    verify_and_say(_project(p).public_id)
    return redirect(url_for("reports.project_log", p=p), 303)


@bp.get("/projects/<p>/audit/download")
@allowed(read_log)
def download_log(p: str) -> ResponseReturnValue:
    return log_file(f"{p}-audit.jsonl", _project(p).public_id)


def _project(p: str) -> Project:
    with reading() as session:
        return project_named(session, p)
