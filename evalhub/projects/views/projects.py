"""List, make, close and reopen projects."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import people_to_choose
from evalhub.datasets.queries import dataset_named, datasets
from evalhub.errors import BadInput, Conflict
from evalhub.projects import service
from evalhub.projects.forms import ProjectForm
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import Estimate, estimate, project_named, project_page, roles_of, rubric_choices
from evalhub.projects.views.blueprint import bp
from evalhub.projects.views.members import account_ids
from evalhub.rubrics.queries import resolve
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
    """The form with the usual values; `?dataset=` and `?rubric=` choose what is graded."""
    given = {name: request.args[name] for name in ("dataset", "rubric") if request.args.get(name)}
    return _form_page(ProjectForm(data=given))


@bp.post("/projects")
@allowed(admin)
def create() -> ResponseReturnValue:
    form = ProjectForm.from_request()
    _offer(form)
    if "reckon" in request.form:
        form.validate()
        return _form_page(form, shows_errors=False)
    if not form.validate():
        return _form_page(form), 422
    by_id, seed = require_principal().account_id, secrets.randbelow(2**31)
    try:
        project = write(lambda session: _make(session, form, by_id, seed))
    except (BadInput, Conflict) as error:
        form.show(error)
        return _form_page(form), error.http_status
    n = len(form.roles)
    taken_in = f" {n} {'person takes' if n == 1 else 'people take'} part." if n else " Its members come next."
    flash(f"The project is made.{taken_in}")
    return redirect(url_for("projects.members", p=project.name), 303)


def _make(session: Session, form: ProjectForm, by_id: int, seed: int) -> Project:
    by, now = session.get(Account, by_id), utc_now()
    new_project = form.new_project(
        dataset_id=dataset_named(session, form.dataset.data).id,
        rubric_version_id=resolve(session, form.rubric.data).id,
        seed=seed,
    )
    project = service.create_project(session, new_project, by=by, now=now)
    for login, roles in form.roles.items():
        service.set_members(session, project.id, account_ids(session, [login]), roles, by=by, now=now)
    return project


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


def _offer(form: ProjectForm) -> None:
    with reading() as session:
        named = [(line.dataset.name, line.n_items) for line in datasets(session)]
        people = [(account.login or "", account.display_name) for account in people_to_choose(session)]
        form.offer(named, rubric_choices(session), people)


def _form_page(form: ProjectForm, *, shows_errors: bool = True) -> str:
    _offer(form)
    for field in (form.dataset, form.rubric):
        if field.data is None and field.choices:
            field.data = field.choices[0].value
    return render_template("projects/new.html", form=form, estimate=_estimate(form), shows_errors=shows_errors)


def _estimate(form: ProjectForm) -> Estimate | None:
    """The work that the form means; None while what it needs is not chosen."""
    known = {choice.value for choice in (*form.dataset.choices, *form.rubric.choices)}
    if form.plan is None or not {form.dataset.data, form.rubric.data} <= known:
        return None
    with reading() as session:
        return estimate(
            session,
            dataset_id=dataset_named(session, form.dataset.data).id,
            rubric_version_id=resolve(session, form.rubric.data).id,
            plan=form.plan,
        )
