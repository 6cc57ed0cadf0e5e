"""Void somebody's reviews: whose, what it will do, why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.db import now
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.forms import ReasonForm, VoidForm
from evalhub.review.queries.voidable import Span, reviewer_named, reviewers_to_void, void_plan
from evalhub.review.service.void import MANY, Act, void_later, void_reviews
from evalhub.review.views.blueprint import bp
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading, write


@bp.get("/projects/<p>/reviews/void")
@allowed(manage_project)
def void_form(p: str) -> ResponseReturnValue:
    """Choose first; the address of the choice shows what it would do."""
    form = _offered(p, VoidForm(request.args) if request.args else VoidForm())
    if request.args and form.validate():
        return _planned(p, form, ReasonForm())
    return _page(p, form)


@bp.post("/projects/<p>/reviews/void")
@allowed(manage_project)
def void(p: str) -> ResponseReturnValue:
    form, reason = _offered(p, VoidForm.from_request()), ReasonForm.from_request()
    if not form.validate():
        return _page(p, form), 422
    if not reason.validate():
        return _planned(p, form, reason), 422
    act = Act(reason.reason.data, require_principal().account_id)
    with reading() as session:
        span = _span(session, p, form)
        is_much = void_plan(session, span).total > MANY
    if is_much:
        job = write(lambda s: void_later(s, span, act).public_id)
        return redirect(url_for("projects.job", job=job), 303)
    n_voided = void_reviews(current_database(), span, act)
    flash(f"{n_voided} {'review was' if n_voided == 1 else 'reviews were'} voided; others get what they leave open.")
    return redirect(url_for("review.void_form", p=p), 303)


def _offered(p: str, form: VoidForm) -> VoidForm:
    with reading() as session:
        form.offer(reviewers_to_void(session, project_named(session, p).id))
    return form


def _span(session: Session, p: str, form: VoidForm) -> Span:
    """What the form asks for, until now where it names no end."""
    project = project_named(session, p)
    reviewer = reviewer_named(session, project.id, form.reviewer.data)
    return Span(project.id, reviewer.id, until=_utc(form.until.data) or now(session), since=_utc(form.since.data))


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _planned(p: str, form: VoidForm, reason: ReasonForm) -> str:
    with reading() as session:
        span = _span(session, p, form)
        plan = void_plan(session, span)
    return _page(p, form, reason=reason, plan=plan, until=span.until)


def _page(p: str, form: VoidForm, **planned: Any) -> str:
    with reading() as session:
        project = project_named(session, p)
    return render_template("review/void.html", project=project, form=form, **planned)
