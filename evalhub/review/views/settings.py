"""What may change of a project while it is graded, and of its batches; here, because it says how far they are."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.errors import BadInput, Conflict
from evalhub.projects import service
from evalhub.projects.forms import BatchForm, SettingsForm, prefix_of
from evalhub.projects.models import BatchState
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import batch_settings_of, plan_of, project_line, project_named, rules_of, settings_of
from evalhub.projects.schema import ProjectSettings
from evalhub.review.queries.batches import batches_with_progress
from evalhub.review.queries.ending import n_in_work
from evalhub.review.queries.stuck import n_stuck
from evalhub.review.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/settings")
@allowed(manage_project)
def settings(p: str) -> ResponseReturnValue:
    return _page(p)


@bp.post("/projects/<p>/settings")
@allowed(manage_project)
def change_settings(p: str) -> ResponseReturnValue:
    form, by_id = SettingsForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(p, form=form), 422
    try:
        write(
            lambda s: service.change_settings(
                s,
                project_named(s, p).id,
                form.changes,
                seen=form.seen.data or None,
                by=s.get(Account, by_id),
                now=utc_now(),
            )
        )
    except Conflict as error:
        with reading() as session:
            theirs = settings_of(project_named(session, p))
        form.seen.data = theirs.tag
        return _page(p, form=form, theirs=theirs), error.http_status
    except BadInput as error:
        form.form_errors.extend(f"{fault.path}: {fault.message}" for fault in error.faults)
        return _page(p, form=form), error.http_status
    flash("The settings are saved.")
    return redirect(url_for("review.settings", p=p), 303)


@bp.post("/projects/<p>/batches/<int:batch>")
@allowed(manage_project)
def change_batch(p: str, batch: int) -> ResponseReturnValue:
    form, by_id = BatchForm.from_request(prefix=prefix_of(batch)), require_principal().account_id
    if not form.validate():
        return _page(p, batch_form=(batch, form)), 422
    write(
        lambda s: service.change_batch(
            s, project_named(s, p).id, batch, form.changes, by=s.get(Account, by_id), now=utc_now()
        )
    )
    flash("The batch is changed.")
    return redirect(url_for("review.settings", p=p), 303)


@bp.post("/projects/<p>/batches/<int:batch>/close")
@allowed(manage_project)
def close_batch(p: str, batch: int) -> ResponseReturnValue:
    return _set_state(p, batch, BatchState.CLOSED, "The batch is closed: its items are handed out no more.")


@bp.post("/projects/<p>/batches/<int:batch>/reopen")
@allowed(manage_project)
def reopen_batch(p: str, batch: int) -> ResponseReturnValue:
    return _set_state(p, batch, BatchState.OPEN, "The batch is open again.")


def _set_state(p: str, batch: int, state: BatchState, said: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(
        lambda s: service.set_batch_state(
            s, project_named(s, p).id, batch, state, by=s.get(Account, by_id), now=utc_now()
        )
    )
    flash(said)
    return redirect(url_for("review.settings", p=p), 303)


def _page(
    p: str,
    *,
    form: SettingsForm | None = None,
    theirs: ProjectSettings | None = None,
    batch_form: tuple[int, BatchForm] | None = None,
) -> str:
    with reading() as session:
        project = project_named(session, p)
        batches = batches_with_progress(session, project.id)
        forms = {one.batch.id: BatchForm.of(one.batch.id, batch_settings_of(one.batch)) for one in batches}
        return render_template(
            "review/settings.html",
            line=project_line(session, project.id),
            form=form or SettingsForm.of(settings_of(project)),
            theirs=theirs,
            batches=batches,
            batch_forms=forms | (dict([batch_form]) if batch_form else {}),
            rules=rules_of(project),
            plan=plan_of(project),
            in_work=n_in_work(session, project.id),
            stuck=n_stuck(session, project.id),
        )
