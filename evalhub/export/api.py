"""Scored datasets for programs."""

from __future__ import annotations

from itertools import chain, islice

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from pydantic import Field, ValidationError

from evalhub.errors import BadInput, Fault
from evalhub.export.policies import take_export
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.download import make_download
from evalhub.export.service.jsonl import item_lines
from evalhub.projects.queries import project_named
from evalhub.web.answers import file_response
from evalhub.web.api import documented, invalid
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading

api_bp = Blueprint("export_api", __name__, url_prefix="/api/v1")

SINGLE = ("format", "as_of", "without_text")
WRONG = "The query string is not as it should be."


class ExportQuery(Options):
    """The filters of an export; those that are lists may be given several times."""

    shape: Shape = Field(default=Shape.JSONL, alias="format", description="jsonl: the items, streamed; bundle: a zip")

    def options(self) -> Options:
        return Options(**{name: getattr(self, name) for name in Options.model_fields})


@api_bp.get("/projects/<p>/export")
@allowed(take_export)
@documented(summary="The scored items as JSON lines, or the bundle as a zip", query=ExportQuery, responses={200: None})
def export(p: str) -> ResponseReturnValue:
    """Lines are streamed. A bundle is recorded, although a GET asks for it: its receipt names the record."""
    query = _query()
    with reading() as session:
        project_id = project_named(session, p).id
    if query.shape is Shape.BUNDLE:
        by_id, now = require_principal().account_id, utc_now()
        made = make_download(
            current_database(), project_id, query.options(), Shape.BUNDLE, name=p, by_id=by_id, now=now
        )
        return file_response(made.chunks(), made.file_name, made.media_type, made.n_bytes)
    lines = item_lines(current_database(), project_id, query.options())
    begun = list(islice(lines, 1))  # what is wrong with the options shows here, while it can still be answered
    return Response(chain(begun, lines), mimetype="application/jsonl")


def _query() -> ExportQuery:
    """The query string, in which only filters may be given more than once.

    Raises:
        BadInput: with every fault.
    """
    given = {name: request.args.getlist(name) for name in request.args}
    faults = [Fault("schema", "is given more than once", name) for name in SINGLE if len(given.get(name, ())) > 1]
    if faults:
        raise BadInput(WRONG, faults=faults)
    try:
        return ExportQuery.model_validate({name: v[0] if name in SINGLE else v for name, v in given.items()})
    except ValidationError as error:
        raise invalid(WRONG, error) from error
