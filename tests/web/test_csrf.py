from __future__ import annotations

import re

import pytest

from evalhub.db import Database
from tests.web.client import Browser, a_person, app_for


def name_of(browser: Browser) -> str:
    return browser.get("/account").form("/account/name")["display_name"]


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_form_without_the_right_token_changes_nothing(sqlite_database: Database, token: str) -> None:
    browser = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "ann"))
    browser.post("/account/name", {"csrf_token": token, "display_name": "Mallory"}, status=400)
    assert name_of(browser) == "Ann"


def test_the_token_of_another_session_changes_nothing(sqlite_database: Database) -> None:
    app = app_for(sqlite_database)
    mallory = Browser(app).sign_in_as(a_person(sqlite_database, "mallory"))
    ann = Browser(app).sign_in_as(a_person(sqlite_database, "ann"))
    ann.post("/account/name", {"csrf_token": mallory.token, "display_name": "Mallory"}, status=400)
    assert name_of(ann) == "Ann"


def test_scripts_may_send_the_token_as_a_header(sqlite_database: Database) -> None:
    browser = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "ann"))
    token, browser.token = browser.token, ""
    browser.post("/account/name", {"display_name": "Ann B"}, headers={"X-CSRF-Token": token})
    assert name_of(browser) == "Ann B"


def test_a_request_from_another_site_is_refused_even_with_the_token(sqlite_database: Database) -> None:
    browser = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "ann"))
    browser.post("/account/name", {"display_name": "Mallory"}, status=400, headers={"Sec-Fetch-Site": "cross-site"})
    assert name_of(browser) == "Ann"


def test_signing_in_needs_a_token_too(browser: Browser) -> None:
    browser.post("/sign-in", {"login": "ann", "password": "x"}, status=400)


def test_no_unsafe_route_of_the_pages_lets_a_tokenless_form_through(sqlite_database: Database) -> None:
    app = app_for(sqlite_database)
    browser = Browser(app).sign_in_as(a_person(sqlite_database, "ann"))
    routes = [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if not rule.rule.startswith("/api/")
    ]
    assert routes
    for method, rule in routes:
        values = dict.fromkeys(rule.arguments, 1 if "int:" in rule.rule else "x")
        values |= {name: choice for choice, name in re.findall(r"<any\((\w+)[^)]*\):(\w+)>", rule.rule)}
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
        response = browser.client.open(path, method=method, base_url=browser.base_url)
        assert response.status_code in (400, 403, 404), (method, path, response.status_code)
