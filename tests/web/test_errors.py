from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy.exc
from flask import Flask

from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, EvalhubError, Fault, TooLarge
from evalhub.web.errors import WORDS
from evalhub.web.logs import JsonLines
from evalhub.web.policies import allowed, anyone
from tests.web.client import Page, app_for, app_of_its_own, settings_for


def app_that_raises(database: Database, error: Exception) -> Flask:
    app = app_of_its_own(settings_for(database), database)
    app.testing = False

    def fail() -> str:
        raise error

    app.add_url_rule("/fail", "fail", allowed(anyone)(fail))
    app.add_url_rule("/api/v1/fail", "fail_api", allowed(anyone)(fail))
    return app


def test_a_fault_keeps_its_place_in_json_and_on_the_page(sqlite_database: Database) -> None:
    fault = Fault("weight", "is not above 0", path="criteria[4].weight", line=31, column=13)
    client = app_that_raises(sqlite_database, BadInput("wrong", faults=[fault], total=7)).test_client()
    answer = client.get("/api/v1/fail")
    assert answer.status_code == 422
    assert answer.json == {"error": {"code": "weight", "message": "wrong", "details": [fault.as_detail()], "total": 7}}
    page = Page(client.get("/fail"))
    assert (page.status, page.faults) == (422, [])
    assert "line 31, column 13" in page.text
    assert "criteria[4].weight" in page.text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Conflict("moved on", code="lease"), 409, "lease"),
        (TooLarge("too big"), 413, "too_large"),
        (
            sqlalchemy.exc.OperationalError("SELECT secret", {}, sqlite3.OperationalError("no such host")),
            503,
            "unavailable",
        ),
        (sqlalchemy.exc.TimeoutError("pool"), 503, "unavailable"),
        (
            sqlalchemy.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")),
            507,
            "storage_full",
        ),
        (OSError(28, "No space left on device"), 507, "storage_full"),
        (sqlalchemy.exc.DataError("INSERT", {}, Exception("out of range")), 422, "schema"),
        (ZeroDivisionError("secret"), 500, "internal_server_error"),
    ],
)
def test_errors_have_their_status_and_code_and_tell_no_secret(
    sqlite_database: Database, error: Exception, status: int, code: str
) -> None:
    client = app_that_raises(sqlite_database, error).test_client()
    answer, page = client.get("/api/v1/fail"), client.get("/fail")
    assert (answer.status_code, page.status_code) == (status, status)
    assert answer.json is not None
    assert answer.json["error"]["code"] == code
    assert ("Retry-After" in answer.headers) == (status in (503, 507))
    assert not Page(page).faults
    for body in (answer.text, page.text):
        assert "secret" not in body
        assert "Traceback" not in body


def test_our_own_scripts_get_json_when_they_ask_for_it(sqlite_database: Database) -> None:
    client = app_that_raises(sqlite_database, Conflict("moved on")).test_client()
    assert client.get("/fail", headers={"Accept": "application/json"}).json == {
        "error": {"code": "conflict", "message": "moved on", "details": []}
    }
    assert client.get("/account", headers={"Accept": "application/json"}).status_code == 401


def test_a_database_that_went_away_is_an_honest_page(sqlite_database: Database) -> None:
    app = app_for(sqlite_database)
    app.testing = False
    client = app.test_client()
    client.set_cookie("evalhub-80", "x")
    sqlite_database.close()
    file = Path(str(sqlite_database.url.database))
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    file.mkdir()
    page = client.get("/account")
    assert page.status_code == 503
    assert Page(page).faults == []
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200


def test_a_wrong_method_says_which_are_right(app: Flask) -> None:
    response = app.test_client().post("/livez", headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status_code in (400, 405)
    assert app.test_client().delete("/api/v1/me").headers["Allow"]


def test_every_error_of_the_tree_has_a_status() -> None:
    def below(cls: type[EvalhubError]) -> list[type[EvalhubError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    assert all(400 <= cls.http_status < 600 for cls in below(EvalhubError))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503, 507])
def test_every_page_of_an_error_says_what_to_do_and_leads_on(sqlite_database: Database, status: int) -> None:
    error = EvalhubError("what happened")
    error.http_status = status
    page = Page(app_that_raises(sqlite_database, error).test_client().get("/fail"))
    title, advice = WORDS[status]
    assert (page.status, page.faults, page.headings) == (status, [], [title])
    assert "what happened" in page.text
    assert advice in page.text
    assert "/" in page.links


def test_the_number_on_the_page_of_a_failure_finds_its_lines_in_the_log(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_that_raises(sqlite_database, ZeroDivisionError("secret"))
    lines: list[str] = []
    watcher = logging.Handler()
    watcher.emit = lambda record: lines.append(JsonLines().format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(watcher)
    try:
        page = app.test_client().get("/fail").text
    finally:
        logging.getLogger().removeHandler(watcher)
    (trace,) = [line for line in map(json.loads, lines) if "trace" in line]
    assert trace["request"] in page
    assert "ZeroDivisionError" in trace["trace"]


def test_a_page_that_is_missing_leads_back_to_our_page_with_the_link_and_to_no_other(sqlite_database: Database) -> None:
    client = app_that_raises(sqlite_database, ZeroDivisionError()).test_client()
    links = [
        Page(client.get("/nowhere", headers={"Referer": before})).links
        for before in ("http://localhost/rubrics?q=a", "http://evil.example/rubrics?q=a", "http://localhost/nowhere")
    ]
    assert ["/rubrics?q=a" in found for found in links] == [True, False, False]
