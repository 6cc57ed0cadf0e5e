"""Scored datasets for programs."""

from __future__ import annotations

from itertools import chain, islice
from typing import Annotated, Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from evalhub.errors import BadInput, Fault
from evalhub.export.answers import enqueue_export, kept_file
from evalhub.export.policies import take_export
from evalhub.export.queries.past import PastExport, export_of, past_exports
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.background import EXPORT
from evalhub.export.service.download import make_download
from evalhub.export.service.jsonl import item_lines
from evalhub.export.service.preview import preview
from evalhub.jobs.queries import latest_job
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.web.answers import file_response, json_response
from evalhub.web.api import documented, invalid, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading

api_bp = Blueprint("export_api", __name__, url_prefix="/api/v1")

SINGLE = ("as_of", "without_text")
WRONG = "The query string is not as it should be."


class ExportIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shape: Shape = Shape.BUNDLE
    options: Options = Options()


class JobOut(BaseModel):
    job: Annotated[str, Field(description="Public id of the background work")]


class ExportOut(BaseModel):
    id: str
    shape: Shape
    options: dict[str, Any]
    n_items: int
    sha256: Annotated[str, Field(description="Of a bundle's manifest, or of the JSONL file")]
    made_at: AwareDatetime
    made_by: str | None
    is_kept: bool
    n_bytes: int | None
    command: Annotated[str, Field(description="What makes the same on the command line")]


class ExportsOut(BaseModel):
    exports: list[ExportOut]
    being_made: Annotated[str | None, Field(description="How far the one is that is being made, in words")]


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


@api_bp.get("/projects/<p>/exports")
@allowed(manage_project)
@documented(summary="The last hundred exports, the newest first, and the one being made", responses={200: ExportsOut})
def list_exports(p: str) -> ResponseReturnValue:
    now = utc_now()
    with reading() as session:
        project = project_named(session, p)
        past = past_exports(session, project.id, p)
        job = latest_job(session, EXPORT, project_id=project.id)
    made = [_shown(line, is_kept=line.export.is_kept(now)) for line in past]
    return json_response(ExportsOut(exports=made, being_made=job.words if job and job.is_unfinished else None))


@api_bp.post("/projects/<p>/exports")
@allowed(take_export)
@documented(
    summary="Have an export made in the background; it stands in the list when it is done",
    request=ExportIn,
    responses={202: JobOut},
)
def make_in_background(p: str) -> ResponseReturnValue:
    body = parse_body(ExportIn)
    with reading() as session:
        project_id = project_named(session, p).id
    preview(current_database(), project_id, body.options, body.shape)  # what is wrong with the options shows here
    return json_response(JobOut(job=enqueue_export(project_id, body.options, body.shape)), 202)


@api_bp.get("/projects/<p>/exports/<export_id>/file")
@allowed(take_export)
@documented(summary="The file of an export, while it is kept", responses={200: None})
def file_of(p: str, export_id: str) -> ResponseReturnValue:
    with reading() as session:
        past = export_of(session, project_named(session, p).id, export_id)
    return kept_file(p, past)


def _shown(line: PastExport, *, is_kept: bool) -> ExportOut:
    past = line.export
    return ExportOut(
        id=past.public_id,
        shape=Shape(past.shape),
        options=past.options,
        n_items=past.n_items,
        sha256=past.manifest_sha256,
        made_at=past.made_at,
        made_by=line.by or None,
        is_kept=is_kept,
        n_bytes=past.n_bytes,
        command=line.command,
    )


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
