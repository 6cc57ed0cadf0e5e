from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.web.api import documented, json_response, parse_body, parse_query
from evalhub.web.openapi import openapi_document, operation_of
from evalhub.web.policies import allowed, anyone
from evalhub.web.strict_json import parse_json
from tests.web.client import a_person, a_token, app_for, app_of_its_own, settings_for


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    level: int = Field(ge=0)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=5)
    inner: list[Inner] = []


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")
    page: int = 1


@pytest.fixture
def app(sqlite_database: Database) -> Flask:
    app = app_of_its_own(settings_for(sqlite_database), sqlite_database)

    def take() -> ResponseReturnValue:
        return json_response(parse_body(Body), 201)

    def find() -> ResponseReturnValue:
        return json_response(parse_query(Query))

    described = documented(summary="Take it", request=Body, responses={201: Body})
    app.add_url_rule("/api/v1/take/<p>", "take", described(allowed(anyone)(lambda p: take())))
    app.add_url_rule("/api/v1/take", "take_one", described(allowed(anyone)(take)), methods=["POST"])
    app.add_url_rule("/api/v1/find", "find", documented(summary="Find", query=Query)(allowed(anyone)(find)))
    return app


def send(app: Flask, raw: bytes, **headers: str) -> Any:
    return app.test_client().post("/api/v1/take", data=raw, headers={"Content-Type": "application/json", **headers})


def test_a_good_body_comes_in(app: Flask) -> None:
    response = send(app, b'{"name": "x", "inner": [{"level": 1}]}')
    assert (response.status_code, response.json) == (201, {"name": "x", "inner": [{"level": 1}]})


def test_every_fault_of_a_body_is_named_with_its_path(app: Flask) -> None:
    response = send(app, b'{"name": "too long", "inner": [{"level": 1}, {"level": -1, "x": 1}]}')
    assert response.status_code == 422
    details = response.json["error"]["details"]
    assert [(each["code"], each["path"]) for each in details] == [
        ("too_long", "name"),
        ("schema", "inner[1].level"),
        ("schema", "inner[1].x"),
    ]
    assert response.json["error"]["code"] == "too_long"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b'{"name": NaN}', "number"),
        (b'{"name": 1e400}', "number"),
        (b'{"name": ' + b"9" * 5000 + b"}", "number"),
        (b'{"name": "a", "name": "b"}', "duplicate_key"),
        (b'{"name": "\\ud800"}', "characters"),
        (b'{"name": "\\u0000"}', "characters"),
        (b'{"name": "\xff"}', "encoding"),
        (b'\xef\xbb\xbf{"name": "a"}', "encoding"),
        ('{"name": "a"}'.encode("utf-16"), "encoding"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "too_deep"),
    ],
)
def test_json_that_others_let_through_is_refused(app: Flask, raw: bytes, code: str) -> None:
    response = send(app, raw)
    assert response.status_code == 422
    assert response.json["error"]["code"] == code


def test_brackets_inside_of_text_are_not_depth() -> None:
    text = "[" * 100 + '\\"]'
    assert parse_json(json.dumps({"a": text}).encode()) == {"a": text}


@pytest.mark.parametrize("raw", [b'"' + b'\\"' * 1_000_000, b'["' + b"\\" * 1_999_999])
def test_a_string_without_an_end_is_refused_at_once(raw: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(BadInput):
        parse_json(raw)
    assert time.perf_counter() - began < 2


def test_a_fault_of_syntax_has_line_and_column() -> None:
    with pytest.raises(BadInput) as caught:
        parse_json(b'{"a": 1,\n "b" 2}')
    assert (caught.value.faults[0].line, caught.value.faults[0].column) == (2, 6)


def test_only_plain_json_is_taken(app: Flask) -> None:
    assert send(app, b"{}", **{"Content-Type": "text/plain"}).status_code == 415
    assert send(app, b"x", **{"Content-Encoding": "gzip"}).status_code == 415
    assert send(app, b'{"name": "' + b"x" * (3 << 20) + b'"}').status_code == 413


def test_a_query_string_is_checked(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/api/v1/find?page=3").json == {"page": 3}
    for query in ("page=x", "page=1&page=2", "else=1"):
        assert client.get(f"/api/v1/find?{query}").status_code == 422
    assert client.get("/api/v1/find?page=%00").status_code == 400


def test_programs_need_a_token_and_nothing_else(sqlite_database: Database, app: Flask) -> None:
    ann = a_person(sqlite_database, "ann")
    token, client = a_token(sqlite_database, ann), app.test_client()
    assert client.get("/api/v1/me", headers=token).json == {
        "account": ann.public_id,
        "display_name": "Ann",
        "is_admin": False,
        "scopes": ["admin", "manage", "read", "review"],
    }
    for header in ("Bearer nothing", "Basic eDp5", "Bearer ", "evh_x"):
        refused = client.get("/api/v1/me", headers={"Authorization": header})
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    client.set_cookie("evalhub-80", "anything")
    assert client.get("/api/v1/me").status_code == 401
    both = client.get("/api/v1/me", headers=token)
    assert both.status_code == 400
    assert both.json is not None
    assert both.json["error"]["code"] == "two_credentials"


def test_a_token_opens_no_page(sqlite_database: Database, app: Flask) -> None:
    headers = a_token(sqlite_database, a_person(sqlite_database, "ann"))
    assert app.test_client().get("/account", headers=headers).status_code == 303


def test_the_document_describes_the_routes_from_their_models(app: Flask) -> None:
    document = openapi_document(app)
    operation = document["paths"]["/api/v1/take"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Body"}
    assert document["components"]["schemas"]["Body"]["properties"]["name"]["maxLength"] == 5
    assert document["paths"]["/api/v1/me"]["get"]["security"] == [{"token": []}]
    assert document["paths"]["/api/v1/find"]["get"]["parameters"][0]["name"] == "page"
    assert document["paths"]["/api/v1/take/{p}"]["get"]["parameters"][0]["name"] == "p"


def test_every_route_of_the_interface_is_documented(sqlite_database: Database) -> None:
    app = app_for(sqlite_database)
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert [rule.rule for rule in rules if operation_of(app, rule) is None] == []
