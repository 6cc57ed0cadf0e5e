"""Take up another version of a project's rubric: which, what it will do, and why."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, Conflict
from evalhub.inbox.forms import show_faults
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_line, project_named
from evalhub.review.forms import AdoptForm, AdoptVersionForm
from evalhub.review.queries.adoption import AdoptionPlan, adoption_plan, adoptions_of, other_versions
from evalhub.review.schema import Changed
from evalhub.review.service.adopt import AdoptionRequest, adopt
from evalhub.review.views.blueprint import bp
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading


@bp.get("/projects/<p>/adopt")
@allowed(manage_project)
def adopt_form(p: str) -> ResponseReturnValue:
    """Choose first; the address of the choice shows what it would do."""
    chosen = _offered(p, AdoptVersionForm(request.args) if request.args else AdoptVersionForm())
    if request.args and not chosen.validate():
        return _page(p, chosen)
    return _page(p, chosen, AdoptForm() if request.args else None)


@bp.post("/projects/<p>/adopt")
@allowed(manage_project)
def adopt_version(p: str) -> ResponseReturnValue:
    chosen, form = _offered(p, AdoptVersionForm.from_request()), AdoptForm.from_request()
    if not chosen.validate():
        return _page(p, chosen), 422
    if not form.validate():
        return _page(p, chosen, form), 422
    asked = AdoptionRequest(
        version=int(chosen.version.data),
        changed=Changed(form.changed.data),
        reason=form.reason.data,
        sample_size=form.n.data if form.changed.data == Changed.SAMPLE else None,
        by_id=require_principal().account_id,
    )
    with reading() as session:
        project_id = project_named(session, p).id
    try:
        done = adopt(current_database(), project_id, asked)
    except (BadInput, Conflict) as error:
        show_faults(form, error)
        return _page(p, chosen, form), error.http_status
    flash(f"The project uses version {asked.version} now. {_follows(done.is_complete, done.regrades)}")
    return redirect(url_for("review.adopt_form", p=p), 303)


def _follows(is_complete: bool, n_regrades: int) -> str:
    if not is_complete:
        return "Its items follow within a minute."
    if n_regrades == 0:
        return "Nothing is regraded."
    return f"{n_regrades} {'item is' if n_regrades == 1 else 'items are'} regraded."


def _offered(p: str, form: AdoptVersionForm) -> AdoptVersionForm:
    with reading() as session:
        form.offer(other_versions(session, project_named(session, p)))
    return form


def _page(p: str, chosen: AdoptVersionForm, form: AdoptForm | None = None) -> str:
    plan: AdoptionPlan | None = None
    with reading() as session:
        project = project_named(session, p)
        if form is not None:
            plan = adoption_plan(session, project, int(chosen.version.data))
        line, adoptions = project_line(session, project.id), adoptions_of(session, project.id)
    return render_template(
        "review/adopt.html", project=line.project, line=line, chosen=chosen, form=form, plan=plan, adoptions=adoptions
    )
