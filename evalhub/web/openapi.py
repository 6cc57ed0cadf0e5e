"""The OpenAPI document, from the routes and the pydantic models they name."""

from __future__ import annotations

import re
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
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

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


class ErrorAnswer(BaseModel):
    error: ErrorBody


@bp.get(f"{PREFIX}/openapi.json")
@allowed(anyone)
@documented(summary="This document", responses={200: None})
def openapi() -> ResponseReturnValue:
    return json_response(openapi_document(current_app))


def openapi_document(app: Flask) -> dict[str, Any]:
    """The description of every documented route under /api/v1."""
    described = [(rule, operation) for rule in _rules(app) if (operation := operation_of(app, rule)) is not None]
    refs, schemas = _schemas([operation for _, operation in described])
    paths: dict[str, Any] = {}
    for rule, operation in described:
        path = paths.setdefault(re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), {})
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


def _schemas(operations: list[Operation]) -> tuple[dict[type[BaseModel], Any], dict[str, Any]]:
    """A reference a model, and the definitions that they lead to."""
    models: dict[type[BaseModel], None] = {ErrorAnswer: None}
    for operation in operations:
        for model in (operation.request, operation.query, *operation.responses.values()):
            if model is not None:
                models[model] = None
    found, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    return {model: found[(model, "validation")] for model in models}, definitions.get("$defs", {})


def _described(
    app: Flask, rule: Rule, method: str, operation: Operation, refs: dict[type[BaseModel], Any]
) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in sorted(rule.arguments)
    ]
    parameters += [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in operation.headers.items()
    ]
    if operation.query is not None:
        parameters += _query_parameters(operation.query)
    described: dict[str, Any] = {
        "operationId": f"{rule.endpoint.replace('.', '_')}_{method.lower()}",
        "summary": operation.summary,
        "responses": _responses(operation, refs),
    }
    if parameters:
        described["parameters"] = parameters
    if policy_of(app, rule.endpoint) is not anyone:
        described["security"] = [{"token": []}]
    if operation.request is not None or operation.body_type != "application/json":
        schema = refs[operation.request] if operation.request else {"type": "string"}
        described["requestBody"] = {"required": True, "content": {operation.body_type: {"schema": schema}}}
    return described


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": inner}
        for name, inner in schema.get("properties", {}).items()
    ]


def _responses(operation: Operation, refs: dict[type[BaseModel], Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in operation.responses.items():
        response: dict[str, Any] = {"description": operation.summary}
        if model is not None:
            response["content"] = {operation.answer_type: {"schema": refs[model]}}
        responses[str(status)] = response
    responses["default"] = {
        "description": "Anything that went wrong",
        "content": {"application/json": {"schema": refs[ErrorAnswer]}},
    }
    return responses
