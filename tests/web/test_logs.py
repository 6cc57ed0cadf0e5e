from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy.exc
from flask import Flask

from evalhub.db import Database
from evalhub.web.logs import JsonLines
from tests.web.client import Browser, a_person, app_for


def line_of(**changes: object) -> str:
    record = logging.LogRecord("test", logging.INFO, "x.py", 1, "hello %s", ("you\n\x1b[31m\u202e\u2028",), None)
    record.__dict__.update(changes)
    return JsonLines().format(record)


def test_a_record_is_one_line_without_control_characters() -> None:
    line = line_of()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == "hello you\n\x1b[31m\u202e\u2028"


def test_the_values_of_a_failed_statement_stay_out() -> None:
    error = sqlalchemy.exc.OperationalError("INSERT", {"password_hash": "hunter2"}, Exception("boom"))
    assert "hunter2" not in line_of(exc_info=(type(error), error, None))


def test_a_request_is_logged_with_its_account_and_without_its_secrets(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "evalhub.access")
    ann = a_person(sqlite_database, "ann")
    browser = Browser(app_for(sqlite_database)).sign_in_as(ann)
    browser.get("/links/a-secret-of-somebody", status=404)
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "evalhub.access"]
    last, first = json.loads(lines[-1]), json.loads(lines[0])
    assert (last["path"], last["status"], last["account"]) == ("/links/<token>", 404, ann.public_id)
    assert (first["path"], first["account"]) == ("/account", ann.public_id)
    assert "a-secret-of-somebody" not in "".join(lines)
    assert browser.session_cookie not in "".join(lines)


def test_counts_of_requests_are_for_admins(sqlite_database: Database, app: Flask) -> None:
    from evalhub.accounts.models import InstanceRole
    from tests.web.client import a_token

    client = app.test_client()
    client.get("/livez")
    member = a_token(sqlite_database, a_person(sqlite_database, "ann"))
    admin = a_token(sqlite_database, a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=member).status_code == 403
    assert 'evalhub_requests_total{method="GET",route="/livez"' in client.get("/metrics", headers=admin).text
