"""Scored datasets for programs."""

from __future__ import annotations

from itertools import chain, islice

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

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

SINGLE = ("as_of", "without_text")
WRONG = "The query string is not as it should be."


@api_bp.get("/projects/<p>/export")
@allowed(take_export)
@documented(
    summary="The scored items as JSON lines, streamed; a filter may be given several times",
    query=Options,
    responses={200: None},
    answer_type="application/jsonl",
)
def export(p: str) -> ResponseReturnValue:
    options = _options()
    with reading() as session:
        project_id = project_named(session, p).id
    lines = item_lines(current_database(), project_id, options)
    begun = list(islice(lines, 1))  # what is wrong with the options shows here, while it can still be answered
    return Response(chain(begun, lines), mimetype="application/jsonl")


@api_bp.post("/projects/<p>/export")
@allowed(take_export)
@documented(
    summary="Make a bundle, recorded like any export, and get it as a zip",
    query=Options,
    responses={200: None},
    answer_type="application/zip",
)
def make(p: str) -> ResponseReturnValue:
    options, by_id, now = _options(), require_principal().account_id, utc_now()
    with reading() as session:
        project_id = project_named(session, p).id
    made = make_download(current_database(), project_id, options, Shape.BUNDLE, name=p, by_id=by_id, now=now)
    return file_response(made.chunks(), made.file_name, made.media_type, made.n_bytes)


def _options() -> Options:
    """The query string, in which only filters may be given more than once.

    Raises:
        BadInput: with every fault.
    """
    given = {name: request.args.getlist(name) for name in request.args}
    faults = [Fault("schema", "is given more than once", name) for name in SINGLE if len(given.get(name, ())) > 1]
    if faults:
        raise BadInput(WRONG, faults=faults)
    try:
        return Options.model_validate({name: v[0] if name in SINGLE else v for name, v in given.items()})
    except ValidationError as error:
        raise invalid(WRONG, error) from error
