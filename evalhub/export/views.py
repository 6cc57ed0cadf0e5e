"""Make exports in the browser, and see those that were made."""

from __future__ import annotations

import shlex

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput
from evalhub.export.forms import ExportForm
from evalhub.export.models import Export
from evalhub.export.queries.made import exports_of, offer
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.packed import make_download
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading

bp = Blueprint("export", __name__, template_folder="templates")

ENDINGS = {Shape.BUNDLE: ("zip", "application/zip"), Shape.JSONL: ("jsonl", "application/jsonl")}


@bp.get("/projects/<p>/exports")
@allowed(manage_project)
def exports(p: str) -> ResponseReturnValue:
    return _page(p, ExportForm())


@bp.post("/projects/<p>/exports")
@allowed(manage_project)
def make(p: str) -> ResponseReturnValue:
    """Make the export and answer with it; the list shows it from then on."""
    form, by_id = ExportForm.from_request(), require_principal().account_id
    with reading() as session:
        project = project_named(session, p)
        form.offer(offer(session, project))
    if not form.validate():
        return _page(p, form), 422
    shape = Shape(form.shape.data)
    try:
        made = make_download(
            current_database(), project.id, project.name, shape, form.options(), by_id=by_id, now=utc_now()
        )
    except BadInput as error:
        form.shape.errors = [fault.message for fault in error.faults] or [error.message]
        return _page(p, form), 422
    ending, media_type = ENDINGS[shape]
    return send_file(made, media_type, as_attachment=True, download_name=f"{project.name}.{ending}")


def _page(p: str, form: ExportForm) -> str:
    with reading() as session:
        project = project_named(session, p)
        form.offer(offer(session, project))
        made = exports_of(session, project.id)
    return render_template("export/exports.html", project=project, form=form, made=made, command=command)


def command(project: str, export: Export) -> str:
    """The command line that makes an export of the same content."""
    options = Options.model_validate(
        {**export.options, "without_text": export.options.get("without_text", False)}
    ).as_arguments()
    words = ["evalhub", "export", project, "-o", project if export.shape == Shape.BUNDLE else f"{project}.jsonl"]
    shape = [] if export.shape == Shape.BUNDLE else ["--format", export.shape]
    return shlex.join([*words, *shape, *options])
