"""The description of the interface is whole: every route, parameter and answer is in it, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from evalhub.db import Database
from evalhub.web.openapi import METHODS, PREFIX, openapi_document
from tests.web.client import app_for


@pytest.fixture
def document(sqlite_database: Database) -> dict[str, Any]:
    return openapi_document(app_for(sqlite_database))


def path_of(rule: str) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_route_of_the_interface_is_in_the_document(sqlite_database: Database, document: dict[str, Any]) -> None:
    routes = {
        f"{method.lower()} {path_of(rule.rule)}"
        for rule in app_for(sqlite_database).url_map.iter_rules()
        for method in (rule.methods or set()) & set(METHODS)
        if rule.rule.startswith("/api/")
    }
    assert {label for label, _ in operations(document)} == routes
    assert all(label.split()[1].startswith(PREFIX) for label in routes)


def test_every_operation_says_what_it_does_and_what_comes_back(document: dict[str, Any]) -> None:
    silent = [
        label
        for label, operation in operations(document)
        if not operation["summary"].strip() or not any(status.startswith("2") for status in operation["responses"])
    ]
    assert silent == []


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    silent = [
        f"{label}: {parameter['name']}"
        for label, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter["description"].strip()
    ]
    assert silent == []


def test_every_answer_has_its_form(document: dict[str, Any]) -> None:
    """All but 204 and 202 say in which type they come, and each refusal is an error answer."""
    formless = [
        f"{label}: {status}"
        for label, operation in operations(document)
        for status, answer in operation["responses"].items()
        if "content" not in answer and status != "204"
    ]
    assert formless == []


def test_an_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from [inner] if key == "$ref" else references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    schemas = document["components"]["schemas"]
    assert {each.removeprefix("#/components/schemas/") for each in references(document)} <= schemas.keys()


def test_only_what_anyone_may_ask_needs_no_token(document: dict[str, Any]) -> None:
    assert [label for label, operation in operations(document) if "security" not in operation] == [
        f"get {PREFIX}/openapi.json"
    ]
