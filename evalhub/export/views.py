"""Look at exports before they are made, have them made, and see those that were."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput
from evalhub.export.answers import enqueue_export, kept_file
from evalhub.export.forms import ExportForm
from evalhub.export.models import Export
from evalhub.export.policies import take_export
from evalhub.export.queries.past import command_of, export_of, options_of, past_exports
from evalhub.export.queries.scope import criteria_in_use
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.background import EXPORT
from evalhub.export.service.preview import Preview, preview
from evalhub.jobs.queries import latest_job
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.session import current_database, reading

bp = Blueprint("export", __name__, template_folder="templates")


@bp.get("/projects/<p>/exports")
@allowed(manage_project)
def exports(p: str) -> ResponseReturnValue:
    form = ExportForm()
    _offer(p, form)
    return _page(p, form)


@bp.post("/projects/<p>/exports/preview")
@allowed(take_export)
def look(p: str) -> ResponseReturnValue:
    """The first records, as the export would hold them; nothing is made or recorded."""
    form = ExportForm.from_request()
    found = _looked_at(form, _offer(p, form))
    return (_page(p, form), 422) if found is None else _page(p, form, found)


@bp.post("/projects/<p>/exports")
@allowed(take_export)
def make(p: str) -> ResponseReturnValue:
    form = ExportForm.from_request()
    project_id = _offer(p, form)
    if _looked_at(form, project_id) is None:
        return _page(p, form), 422
    return _enqueued(p, project_id, form.options(), Shape(form.shape.data))


@bp.post("/projects/<p>/exports/<export>/again")
@allowed(take_export)
def make_again(p: str, export: str) -> ResponseReturnValue:
    """The same of what there is now."""
    past = _export(p, export)
    return _enqueued(p, past.project_id, options_of(past.options), Shape(past.shape))


@bp.get("/projects/<p>/exports/<export>/file")
@allowed(take_export)
def download(p: str, export: str) -> ResponseReturnValue:
    return kept_file(p, _export(p, export))


def _enqueued(p: str, project_id: int, options: Options, shape: Shape) -> ResponseReturnValue:
    enqueue_export(project_id, options, shape)
    flash("The export is being made; its file appears below.")
    return redirect(url_for("export.exports", p=p), 303)


def _looked_at(form: ExportForm, project_id: int) -> Preview | None:
    """What the export would hold; None with a fault in the form."""
    if not form.validate():
        return None
    try:
        return preview(current_database(), project_id, form.options(), Shape(form.shape.data))
    except BadInput as error:
        form.show(error)
        return None


def _export(p: str, public_id: str) -> Export:
    with reading() as session:
        return export_of(session, project_named(session, p).id, public_id)


def _offer(p: str, form: ExportForm) -> int:
    """Give the form the choices of the project; returns its id."""
    with reading() as session:
        project = project_named(session, p)
        form.offer(criteria_in_use(session, project))
    return project.id


def _page(p: str, form: ExportForm, found: Preview | None = None) -> str:
    with reading() as session:
        project = project_named(session, p)
        past = past_exports(session, project.id, project.name)
        job = latest_job(session, EXPORT, project_id=project.id)
    command = command_of(p, Shape(form.shape.data), form.options()) if found else ""
    return render_template(
        "export/exports.html",
        project=project,
        form=form,
        past=past,
        job=job,
        preview=found,
        command=command,
        now=utc_now(),
    )
