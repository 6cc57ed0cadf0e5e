"""The OpenAPI document, from the routes and the pydantic models they name."""

from __future__ import annotations

import re
from http import HTTPStatus
from itertools import pairwise
from typing import Any

from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from evalhub import __version__
from evalhub.web.answers import json_response
from evalhub.web.api import OPERATION, Operation, documented
from evalhub.web.policies import allowed, anyone, policy_of

PREFIX = "/api/v1"
REFERENCE = "#/components/schemas/{model}"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSALS = {
    "400": "Two credentials, or an address with a character that no text has",
    "401": "No token, or none that is valid",
    "403": "Seen, but not allowed",
    "404": "There is nothing here, or it is not yours to see",
    "409": "The state has moved on; the message says how",
    "413": "The body is too large",
    "415": "The body is compressed, or of another kind than is taken",
    "422": "What was sent is wrong; every fault is a detail",
    "5XX": "Not available just now, or our fault; nothing was stored",
}
"""What may be answered instead, all with an ErrorAnswer."""
ARGUMENTS = {
    "assignments": "Id of the assignment, from the claim",
    "batches": "Number of the batch",
    "cases": "Id of the case, from the queue of cases",
    "compare": "Number of the other version",
    "datasets": "Name of the dataset",
    "drafts": "Id of the draft",
    "imports": "Id of the import",
    "exports": "Id of the export",
    "inbox": "Id of the entry",
    "items": "Id of the item",
    "members": "Name by which the member signs in",
    "people": "Id of the account",
    "projects": "Name of the project",
    "rounds": "Id of the round, or its number",
    "rubrics": "Name of the rubric",
    "tokens": "Id of the token, from the list of tokens",
    "{name}": "Number of the version",
}
"""What an argument of an address is, by what stands before it."""

bp = Blueprint("openapi", __name__)


class ErrorDetail(BaseModel):
    code: str
    path: str
    line: int | None
    column: int | None
    message: str


class ErrorBody(BaseModel):
    code: str = Field(description="Stable; the first detail's when there are details")
    message: str
    details: list[ErrorDetail]
    total: int | None = Field(default=None, description="How many faults there are, where only the first are details")


class ErrorAnswer(BaseModel):
    error: ErrorBody


class Document(BaseModel):
    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


@bp.get(f"{PREFIX}/openapi.json")
@allowed(anyone)
@documented(summary="This document", responses={200: Document})
def openapi() -> ResponseReturnValue:
    return json_response(openapi_document(current_app))


def openapi_document(app: Flask) -> dict[str, Any]:
    """The description of every documented route under /api/v1."""
    described = [(rule, operation) for rule in _rules(app) if (operation := operation_of(app, rule)) is not None]
    refs, schemas = _schemas([operation for _, operation in described])
    paths: dict[str, Any] = {}
    for rule, operation in described:
        path = paths.setdefault(_path(rule), {})
        for method in sorted((rule.methods or set()) & set(METHODS)):
            path[method.lower()] = _described(app, rule, method, operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "evalhub", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def operation_of(app: Flask, rule: Rule) -> Operation | None:
    return getattr(app.view_functions[rule.endpoint], OPERATION, None)


def _rules(app: Flask) -> list[Rule]:
    return sorted(
        (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)), key=lambda rule: rule.rule
    )


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def _schemas(operations: list[Operation]) -> tuple[dict[type[BaseModel], Any], dict[str, Any]]:
    """A reference a model, and the definitions that they lead to."""
    models: dict[type[BaseModel], None] = {ErrorAnswer: None}
    for operation in operations:
        for model in (operation.request, operation.query, *operation.responses.values()):
            if model is not None:
                models[model] = None
    found, definitions = models_json_schema([(model, "validation") for model in models], ref_template=REFERENCE)
    return {model: found[(model, "validation")] for model in models}, definitions.get("$defs", {})


def _described(
    app: Flask, rule: Rule, method: str, operation: Operation, refs: dict[type[BaseModel], Any]
) -> dict[str, Any]:
    parameters = _path_parameters(rule)
    parameters += [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in operation.headers.items()
    ]
    if operation.query is not None:
        parameters += _query_parameters(operation.query)
    described: dict[str, Any] = {
        "operationId": f"{rule.endpoint.replace('.', '_')}_{method.lower()}",
        "summary": operation.summary,
        "tags": [rule.rule.removeprefix(f"{PREFIX}/").split("/")[0]],
    }
    if parameters:
        described["parameters"] = parameters
    is_open = policy_of(app, rule.endpoint) is anyone
    if not is_open:
        described["security"] = [{"token": []}]
    if operation.request is not None or operation.body_type != "application/json":
        schema = refs[operation.request] if operation.request else {"type": "string"}
        described["requestBody"] = {"required": True, "content": {operation.body_type: {"schema": schema}}}
    described["responses"] = _answers(operation, refs) | {
        status: {
            "description": REFUSALS[status],
            "content": {"application/json": {"schema": refs[ErrorAnswer]}},
        }
        for status in _refusals(described, method)
    }
    return described


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    parts = _path(rule).split("/")
    return [
        {
            "name": part.strip("{}"),
            "in": "path",
            "required": True,
            "description": ARGUMENTS.get(before, ""),
            "schema": {"type": "integer", "minimum": 0} if f"<int:{part[1:-1]}>" in rule.rule else {"type": "string"},
        }
        for before, part in pairwise(parts)
        if part.startswith("{")
    ]


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=REFERENCE)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": inner.get("description", ""),
            "schema": _without_null(inner),
        }
        for name, inner in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What stands in a query string is left out rather than null."""
    kept = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
    given = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return kept | (given[0] if len(given) == 1 else {"anyOf": given} if given else {})


def _answers(operation: Operation, refs: dict[type[BaseModel], Any]) -> dict[str, Any]:
    """What comes back when all went well."""
    answers: dict[str, Any] = {}
    for status, model in operation.responses.items():
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        free = {} if operation.answer_type == "application/json" else {"type": "string"}
        if status != HTTPStatus.NO_CONTENT:
            answer["content"] = {operation.answer_type: {"schema": refs[model] if model else free}}
        answers[str(status)] = answer
    return answers


def _refusals(described: dict[str, Any], method: str) -> list[str]:
    """The statuses with which an operation may refuse."""
    may = {"400", "415", "5XX"}
    if "security" in described:
        may |= {"401", "403"}
    if "parameters" in described:
        may |= {"404", "422"}
    if "requestBody" in described:
        may |= {"404", "413", "422"}
    if method != "GET":
        may.add("409")
    return sorted(may)
