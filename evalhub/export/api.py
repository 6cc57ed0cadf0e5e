"""Scored datasets for programs."""

from __future__ import annotations

from itertools import chain, islice

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.jsonl import item_lines
from evalhub.export.service.packed import make_download
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.web.api import documented, parse_body, parse_query
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading

api_bp = Blueprint("export_api", __name__, url_prefix="/api/v1")

FILTERS = ("state", "model", "tag", "criterion", "batch")


class ExportQuery(BaseModel):
    """One value a filter; POST takes several."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field(default="", pattern="^(|final|adjudication_pending|incomplete)$")
    model: str = Field(default="", max_length=200)
    tag: str = Field(default="", max_length=200)
    criterion: str = Field(default="", max_length=64)
    batch: str = Field(default="", max_length=4096)
    as_of: AwareDatetime | None = None
    without_text: bool = False

    def options(self) -> Options:
        filters = {name: (value,) for name in FILTERS if (value := getattr(self, name))}
        return Options.model_validate({**filters, "as_of": self.as_of, "without_text": self.without_text})


@api_bp.get("/projects/<p>/export")
@allowed(manage_project)
@documented(summary="The scored items as JSON lines", query=ExportQuery, responses={200: None})
def items(p: str) -> ResponseReturnValue:
    """Stream items.jsonl; nothing is recorded, for a GET writes nothing."""
    options = parse_query(ExportQuery).options()
    with reading() as session:
        project_id = project_named(session, p).id
    lines = item_lines(current_database(), project_id, options)
    begun = list(islice(lines, 1))  # what is wrong with the options shows here, while it can still be answered
    return Response(chain(begun, lines), mimetype="application/jsonl")


@api_bp.post("/projects/<p>/exports")
@allowed(manage_project)
@documented(summary="Make and record a bundle; answers with it as a zip", request=Options, responses={200: None})
def bundle(p: str) -> ResponseReturnValue:
    options, by_id = parse_body(Options), require_principal().account_id
    with reading() as session:
        project = project_named(session, p)
    made = make_download(
        current_database(), project.id, project.name, Shape.BUNDLE, options, by_id=by_id, now=utc_now()
    )
    return send_file(made, "application/zip", as_attachment=True, download_name=f"{project.name}.zip")
