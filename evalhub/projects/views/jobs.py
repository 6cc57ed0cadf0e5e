"""How far background work is, and what came of it; here, because who may see a job depends on its project."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.jobs import service
from evalhub.jobs.queries import job_of
from evalhub.projects.models import Project
from evalhub.projects.policies import see_job, steer_job
from evalhub.projects.views.blueprint import bp
from evalhub.web.answers import json_response
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/jobs/<job>")
@allowed(see_job)
def job(job: str) -> ResponseReturnValue:
    with reading() as session:
        found = job_of(session, job)
        project = session.get(Project, found.project_id) if found.project_id else None
    may_steer = steer_job(require_principal(), job)
    return render_template("projects/job.html", job=found, project=project, may_steer=may_steer)


@bp.get("/jobs/<job>/progress")
@allowed(see_job)
def job_progress(job: str) -> ResponseReturnValue:
    """For the page's own script."""
    with reading() as session:
        found = job_of(session, job)
    return json_response(
        {"is_unfinished": found.is_unfinished, "words": found.words, "done": found.done, "total": found.total}
    )


@bp.post("/jobs/<job>/cancel")
@allowed(steer_job)
def cancel_job(job: str) -> ResponseReturnValue:
    write(lambda session: service.cancel(session, job_of(session, job).id))
    return redirect(url_for("projects.job", job=job), 303)


@bp.post("/jobs/<job>/again")
@allowed(steer_job)
def do_job_again(job: str) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def again(session: Session) -> str:
        return service.enqueue_again(session, job_of(session, job).id, by_id=by_id).public_id

    public_id = write(again)
    flash("It is being done again.")
    return redirect(url_for("projects.job", job=public_id), 303)
