"""List, make, close and reopen projects."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.queries import dataset_named, datasets
from evalhub.errors import BadInput, Conflict
from evalhub.projects import service
from evalhub.projects.forms import ProjectForm
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named, project_page, roles_of
from evalhub.projects.views.blueprint import bp
from evalhub.rubrics.queries import resolve, rubric_summaries
from evalhub.web.context import utc_now
from evalhub.web.listing import listing_of
from evalhub.web.policies import admin, allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects")
@allowed(signed_in)
def projects() -> ResponseReturnValue:
    principal = require_principal()
    sorts = ("title", "dataset", "rubric", "-made")
    listing = listing_of(request.args, at=url_for("projects.projects"), sorts=sorts, filters=("q", "state"))
    with reading() as session:
        page = project_page(session, principal.account_id, listing, is_admin=principal.is_admin)
    return render_template("projects/projects.html", page=page, listing=listing, roles_of=roles_of)


@bp.get("/projects/new")
@allowed(admin)
def new() -> ResponseReturnValue:
    return _form_page(ProjectForm())


@bp.post("/projects")
@allowed(admin)
def create() -> ResponseReturnValue:
    form = ProjectForm.from_request()
    _offer(form)
    if not form.validate():
        return _form_page(form), 422
    by_id, seed = require_principal().account_id, secrets.randbelow(2**31)

    def make(session: Session) -> Project:
        new_project = form.new_project(
            dataset_id=dataset_named(session, form.dataset.data).id,
            rubric_version_id=resolve(session, form.rubric.data).id,
            seed=seed,
        )
        return service.create_project(session, new_project, by=session.get(Account, by_id), now=utc_now())

    try:
        project = write(make)
    except (BadInput, Conflict) as error:
        form.show(error)
        return _form_page(form), error.http_status
    flash("The project is made. Its members come next.")
    return redirect(url_for("projects.members", p=project.name), 303)


@bp.post("/projects/<p>/close")
@allowed(manage_project)
def close(p: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda s: service.close_project(s, project_named(s, p).id, by=s.get(Account, by_id), now=utc_now()))
    flash("The project is closed: no more items are handed out.")
    return redirect(url_for("reports.project", p=p), 303)


@bp.post("/projects/<p>/reopen")
@allowed(manage_project)
def reopen(p: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda s: service.reopen_project(s, project_named(s, p).id, by=s.get(Account, by_id), now=utc_now()))
    flash("The project is open again.")
    return redirect(url_for("reports.project", p=p), 303)


def _offer(form: ProjectForm) -> tuple[list[str], list[str]]:
    with reading() as session:
        names = [line.dataset.name for line in datasets(session)]
        rubrics = [f"{summary.name}@{summary.newest}" for summary in rubric_summaries(session)]
    form.offer(names, rubrics)
    return names, rubrics


def _form_page(form: ProjectForm) -> str:
    names, rubrics = _offer(form)
    return render_template("projects/new.html", form=form, has_datasets=bool(names), has_rubrics=bool(rubrics))
