"""Reading bodies of programs, and describing the interface from the very models that check it.

@api_bp.post("/projects")
@allowed(signed_in)
@documented(summary="Make a project", request=NewProject, responses={201: ProjectOut})
def create_project() -> ResponseReturnValue:
    body = parse_body(NewProject)
    …
    return json_response(out, 201)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from evalhub.errors import BadInput, Fault, UnsupportedMedia
from evalhub.web.answers import json_response
from evalhub.web.strict_json import parse_json

__all__ = ["Operation", "documented", "json_response", "parse_body", "parse_query", "raw_body", "strict_body"]

M = TypeVar("M", bound=BaseModel)
View = TypeVar("View", bound=Callable[..., Any])
TOO_LONG = {"string_too_long", "too_long", "bytes_too_long"}
OPERATION = "evalhub_operation"


@dataclass(frozen=True, slots=True)
class Operation:
    """How a route of the interface is described in the OpenAPI document."""

    summary: str
    request: type[BaseModel] | None = None
    responses: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    body_type: str = "application/json"
    answer_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers that the operation reads, and what each says."""


def documented(
    *,
    summary: str,
    request: type[BaseModel] | None = None,
    responses: Mapping[int, type[BaseModel] | None] | None = None,
    query: type[BaseModel] | None = None,
    body_type: str = "application/json",
    answer_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Callable[[View], View]:
    """Describe a view in the OpenAPI document; `responses` maps a status to its model, or None for no JSON body.

    Bodies that are not JSON (JSONL, YAML) are named by `body_type` and need no model.
    """
    operation = Operation(summary, request, responses or {}, query, body_type, answer_type, headers or {})

    def describe(view: View) -> View:
        setattr(view, OPERATION, operation)
        return view

    return describe


def parse_body(model: type[M]) -> M:
    """The JSON body of this request, checked strictly.

    Raises:
        UnsupportedMedia: when it is not sent as JSON.
        BadInput: with every fault and its path.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMedia("Send JSON, with `Content-Type: application/json`.")
    raw = request.get_data(cache=False)
    parse_json(raw)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise invalid("The body is not as it should be.", error) from error


def strict_body() -> Any:
    """The JSON body of this request, read strictly but not yet checked.

    Raises:
        UnsupportedMedia: when it is not sent as JSON.
        BadInput: when it is not strict JSON.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMedia("Send JSON, with `Content-Type: application/json`.")
    return parse_json(request.get_data(cache=False))


def parse_query(model: type[M]) -> M:
    """The query string of this request; an unknown or doubled parameter is a fault."""
    faults = [
        Fault("schema", "is given more than once", path=name)
        for name in request.args
        if len(request.args.getlist(name)) > 1
    ]
    if faults:
        raise BadInput("The query string is not as it should be.", faults=faults)
    try:
        return model.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        raise invalid("The query string is not as it should be.", error) from error


def raw_body(*media_types: str) -> bytes:
    """A body that is not JSON, whole; for large ones read `request.stream`.

    Raises:
        UnsupportedMedia: when it is sent as something else than one of the types.
    """
    if request.mimetype not in media_types:
        raise UnsupportedMedia(f"Send {' or '.join(media_types)}.")
    return request.get_data(cache=False)


def invalid(message: str, error: ValidationError) -> BadInput:
    """The faults that pydantic found."""
    return BadInput(
        message, faults=[_fault(dict(each)) for each in error.errors(include_url=False, include_input=False)]
    )


def _fault(error: dict[str, Any]) -> Fault:
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    code = "too_long" if error["type"] in TOO_LONG else "schema"
    return Fault(code, str(error["msg"]).removeprefix("Value error, "), path=path)
