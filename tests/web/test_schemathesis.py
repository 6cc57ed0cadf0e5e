"""Every operation of the interface keeps what its description promises, whatever is sent.

`EVALHUB_SCHEMATHESIS_EXAMPLES=200` looks longer than the usual few requests an operation.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.web.openapi import openapi_document
from evalhub.web.session import write
from tests.web.client import a_token, app_for
from tests.world import World, a_project, an_account, with_roles

EXAMPLES = int(os.environ.get("EVALHUB_SCHEMATHESIS_EXAMPLES", "2"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ALL_CHECKS = [*CHECKS, negative_data_rejection]
"""Of a body that is not JSON the description says nothing that a request could break."""
NOT_JSON = ("application/jsonl", "application/yaml")


@schemathesis.serializer(*NOT_JSON)
def as_it_is(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A project in use: reviews, a case, an assignment that waits."""
    path = tmp_path_factory.mktemp("interface") / "evalhub.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    world = with_roles(a_project(database, items=6), "mia", ProjectRole.MANAGER)
    write(lambda s: _admin(s, world), on=database)
    world.review_all("ann", {"accuracy": "excellent", "clarity": "adequate"})
    for _ in range(3):
        lease = world.claim("ben")
        assert lease is not None
        world.submit("ben", lease, {"accuracy": "unacceptable", "clarity": "adequate"})
    yield world
    database.close()


def _admin(session: Session, world: World) -> None:
    world.people["root"] = an_account(session, "root", role=InstanceRole.ADMIN)


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    app = app_for(world.database)
    app.testing = False  # what goes wrong is answered with 500, as in service
    return app


@pytest.mark.parametrize(
    ("login", "mode"),
    [
        ("root", GenerationMode.POSITIVE),
        ("root", GenerationMode.NEGATIVE),
        ("ben", GenerationMode.POSITIVE),
        (None, GenerationMode.POSITIVE),
    ],
)
def test_every_operation_answers_as_its_description_says(
    world: World, app: Flask, login: str | None, mode: GenerationMode
) -> None:
    headers = a_token(world.database, world.people[login]) if login else {}
    failures = [
        failure for operation in _operations(world, app) for failure in _failures(app, operation, mode, headers)
    ]
    assert "\n\n".join(failures) == ""


def _operations(world: World, app: Flask) -> Iterator[Any]:
    """What is in the document, with addresses of things that there are."""
    document = openapi_document(app)
    there = _there(world, app)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    before = path.split("/{" + parameter["name"])[0].rpartition("/")[2]
                    parameter["schema"] = {"type": "string", "enum": there.get(before) or ["nothing-here"]}
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        yield found.ok()


def _there(world: World, app: Flask) -> dict[str, list[str]]:
    headers = a_token(world.database, world.people["judy"])
    cases = app.test_client().get("/api/v1/projects/p/cases", headers=headers).json
    lease = world.claim("ben")
    return {
        "projects": ["p"],
        "datasets": ["p-items"],
        "items": ["source-id-1", "source-id-5"],
        "rubrics": ["answers"],
        "{name}": ["1"],
        "cases": [case["id"] for case in cases["cases"][:2]] if cases else [],
        "assignments": [lease.assignment] if lease else [],
        "batches": ["1"],
        "members": ["ann"],
        "people": [world.people["mia"].public_id],
    }


def _failures(app: Flask, operation: Any, mode: GenerationMode, headers: dict[str, str]) -> list[str]:
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
    )
    def sends(case: Case) -> None:
        case.call_and_validate(app=app, headers=headers, checks=CHECKS if case.media_type in NOT_JSON else ALL_CHECKS)

    try:
        sends()
    except hypothesis.errors.Unsatisfiable:
        return []  # nothing is taken, so nothing can be wrong
    except (schemathesis.errors.SchemathesisError, BaseExceptionGroup) as error:
        told = "\n".join(str(each) for each in getattr(error, "exceptions", (error,)))
        return [f"{operation.label}: {re.sub(r'[0-9a-f]{32}', '…', told)}"]
    return []
