"""Check and compare rubrics; nothing is stored."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from evalhub.errors import BadInput
from evalhub.rubrics import queries, schema
from evalhub.rubrics.api.blueprint import YAML_TYPES, api_bp
from evalhub.web.api import documented, json_response, raw_body
from evalhub.web.policies import allowed, signed_in
from evalhub.web.session import reading


class FaultOut(BaseModel):
    code: str
    message: str = Field(description="What is wrong; what would be right")
    path: str
    line: int | None
    column: int | None


class CheckedOut(BaseModel):
    valid: bool
    faults: list[FaultOut]
    total: int = Field(description="Counts the faults beyond the first 100, which are listed, too")
    sha256: str | None
    rubric: dict[str, Any] | None = Field(description="The rubric with every default stated")


class ChangeOut(BaseModel):
    kind: schema.ChangeKind
    criterion: str = Field(description='"" for the rubric itself')
    field: str
    before: str
    after: str


class ComparedOut(BaseModel):
    changes: list[ChangeOut]
    carried_over: list[str] = Field(description="Criteria that are the same question in both")
    changed: list[str] = Field(description="Criteria whose grades cannot be compared")
    added: list[str]
    removed: list[str]
    overall_comparable: bool
    pass_comparable: bool
    sentences: list[str]


@api_bp.post("/rubrics/validate")
@allowed(signed_in)
@documented(
    summary="Check a rubric without storing it; a faulty one is answered with 200 and its faults",
    body_type="application/yaml",
    responses={200: CheckedOut},
)
def validate() -> ResponseReturnValue:
    content = raw_body(*YAML_TYPES)
    try:
        rubric = schema.parse_rubric(content, "body")
    except BadInput as error:
        faults = [FaultOut.model_validate(fault.as_detail()) for fault in error.faults]
        return json_response(CheckedOut(valid=False, faults=faults, total=error.total, sha256=None, rubric=None))
    return json_response(CheckedOut(valid=True, faults=[], total=0, sha256=rubric.sha256, rubric=rubric.as_document()))


@api_bp.get("/rubrics/schema")
@allowed(signed_in)
@documented(summary="The JSON Schema of rubric files", responses={200: None})
def json_schema() -> ResponseReturnValue:
    return json_response(schema.json_schema())


@api_bp.get("/rubrics/<name>/<int:number>/compare/<int:other>")
@allowed(signed_in)
@documented(
    summary="What changed between two versions, and which figures stay comparable", responses={200: ComparedOut}
)
def compare(name: str, number: int, other: int) -> ResponseReturnValue:
    with reading() as session:
        versions = [queries.rubric_version_of(session, name, n) for n in (number, other)]
    found = schema.diff(*map(queries.rubric_of, versions))
    changes = [ChangeOut.model_validate(change, from_attributes=True) for change in found.changes]
    return json_response(
        ComparedOut(
            changes=changes,
            carried_over=list(found.carried_over),
            changed=list(found.changed),
            added=list(found.added),
            removed=list(found.removed),
            overall_comparable=found.overall_comparable,
            pass_comparable=found.pass_comparable,
            sentences=found.sentences(),
        )
    )
