from __future__ import annotations

import pytest
from flask import Flask

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.errors import CannotStart
from evalhub.web.headers import HEADERS
from tests.web.client import Browser, a_person, app_for, app_of_its_own, settings_for

PATHS = [
    "/sign-in",
    "/account",
    "/nothing",
    "/static/css/evalhub.css",
    "/static/nothing",
    "/livez",
    "/readyz",
    "/metrics",
    "/api/v1/openapi.json",
    "/api/v1/me",
    "/api/v1/nothing",
    "/links/nothing",
    "/favicon.ico",
    "/sign-in?x=%00",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_every_response_carries_every_header(app: Flask, path: str, method: str) -> None:
    response = app.test_client().open(path, method=method)
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "Cache-Control" in response.headers
    assert "Strict-Transport-Security" not in response.headers


def test_under_tls_browsers_are_told_to_stay_there(sqlite_database: Database) -> None:
    app = app_for(sqlite_database, base_url="https://evalhub.example.org")
    response = app.test_client().get("/livez", base_url="https://evalhub.example.org")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_pages_are_not_kept_and_hashed_files_are(browser: Browser, app: Flask) -> None:
    page = browser.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    hashed = page.html.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in app.test_client().get(hashed).headers["Cache-Control"]
    assert "no-cache" in app.test_client().get("/static/css/evalhub.css").headers["Cache-Control"]


def test_no_script_and_no_style_but_our_own_files() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil", "a b"])
def test_a_foreign_host_is_refused_and_appears_nowhere(app: Flask, host: str) -> None:
    response = app.test_client().get("/sign-in", headers={"Host": host})
    assert response.status_code == 400
    assert b"evil" not in response.data
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


def test_the_host_of_a_link_comes_from_the_settings(sqlite_database: Database) -> None:
    app = app_for(sqlite_database, base_url="http://127.0.0.1:8123")
    admin = a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
    browser = Browser(app).sign_in_as(admin)
    response = browser.post(
        "/people",
        {"login": "bob", "display_name": "Bob", "role": "member"},
        status=201,
        headers={"X-Forwarded-Host": "evil.example"},
    )
    assert "http://127.0.0.1:8123/links/" in response.text
    assert "evil" not in response.text


def test_debug_mode_is_refused(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(CannotStart, match="FLASK_DEBUG"):
        app_of_its_own(settings_for(sqlite_database), sqlite_database)
