"""Make exports in the browser, and see those that were made."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput
from evalhub.export.forms import ExportForm
from evalhub.export.policies import take_export
from evalhub.export.queries.past import past_exports
from evalhub.export.queries.scope import criteria_in_use
from evalhub.export.schema.options import Shape
from evalhub.export.service.download import make_download
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.web.answers import file_response
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading

bp = Blueprint("export", __name__, template_folder="templates")


@bp.get("/projects/<p>/exports")
@allowed(manage_project)
def exports(p: str) -> ResponseReturnValue:
    form = ExportForm()
    _offer(p, form)
    return _page(p, form)


@bp.post("/projects/<p>/exports")
@allowed(take_export)
def make(p: str) -> ResponseReturnValue:
    """Make the export and answer with it; the list shows it from then on."""
    form = ExportForm.from_request()
    project_id = _offer(p, form)
    if not form.validate():
        return _page(p, form), 422
    by_id = require_principal().account_id
    try:
        made = make_download(
            current_database(), project_id, form.options(), Shape(form.shape.data), name=p, by_id=by_id, now=utc_now()
        )
    except BadInput as error:
        form.show(error)
        return _page(p, form), 422
    return file_response(made.chunks(), made.file_name, made.media_type, made.n_bytes)


def _offer(p: str, form: ExportForm) -> int:
    """Give the form the choices of the project; returns its id."""
    with reading() as session:
        project = project_named(session, p)
        form.offer(criteria_in_use(session, project))
    return project.id


def _page(p: str, form: ExportForm) -> str:
    with reading() as session:
        project = project_named(session, p)
        past = past_exports(session, project.id, project.name)
    return render_template("export/exports.html", project=project, form=form, past=past)
