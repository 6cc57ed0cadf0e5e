"""What tokens may do, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from evalhub.accounts import queries, service
from evalhub.accounts.models import Account
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.web.context import utc_now
from evalhub.web.policies import scope_of
from evalhub.web.principal import Scope
from evalhub.web.session import write
from tests.web.client import Browser, Page

PATH = "/api/v1/tokens"


def token_of(
    database: Database, account: Account, *scopes: Scope, expires_at: datetime | None = None
) -> dict[str, str]:
    """The header of a token with these scopes."""
    token = write(
        lambda s: service.create_token(
            s, account_id=account.id, name="t", scopes=scopes, expires_at=expires_at, now=utc_now()
        ),
        on=database,
    )
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_token_to_read_changes_nothing(admin: Account, client: FlaskClient, sqlite_database: Database) -> None:
    def answer(path: str, *scopes: Scope, **options: Any) -> int:
        return client.post(path, headers=token_of(sqlite_database, admin, *scopes), **options).status_code

    header = token_of(sqlite_database, admin, Scope.READ)
    assert client.get("/api/v1/people", headers=header).status_code == 200
    refused = client.post("/api/v1/people", json={"login": "ben"}, headers=header)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "scope")  # type: ignore[index]
    assert answer(PATH, json={"name": "x"}) == 403
    assert answer("/api/v1/projects/none/claims") == 403
    assert answer("/api/v1/projects/none/claims", Scope.REVIEW) == 404
    assert answer("/api/v1/people", Scope.MANAGE, json={"login": "ben"}) == 403
    assert answer("/api/v1/people", Scope.ADMIN, json={"login": "ben"}) == 201


def test_no_token_does_more_than_its_account(ann: Account, client: FlaskClient, sqlite_database: Database) -> None:
    assert client.get("/api/v1/people", headers=token_of(sqlite_database, ann, *Scope)).status_code == 403


def test_a_token_gives_no_scope_that_it_has_not(admin: Account, client: FlaskClient, sqlite_database: Database) -> None:
    header = token_of(sqlite_database, admin, Scope.MANAGE)
    assert client.post(PATH, json={"name": "x", "scopes": ["admin"]}, headers=header).status_code == 403
    made = client.post(PATH, json={"name": "x", "scopes": ["manage"]}, headers=header)
    assert made.status_code == 201
    mine = {"Authorization": f"Bearer {made.json['token']}"}  # type: ignore[index]
    assert client.get("/api/v1/me", headers=mine).json["scopes"] == ["manage", "read"]  # type: ignore[index]
    listed: list[dict[str, Any]] = client.get(PATH, headers=mine).json["tokens"]  # type: ignore[index]
    assert [row["name"] for row in listed] == ["x", "t"]
    assert client.delete(f"{PATH}/{listed[0]['id']}", headers=mine).status_code == 204
    assert client.get(PATH, headers=mine).status_code == 401


def test_a_token_ends_when_it_was_said_to(ann: Account, client: FlaskClient, sqlite_database: Database) -> None:
    start = utc_now()
    with time_machine.travel(start, tick=False) as clock:
        header = token_of(sqlite_database, ann, expires_at=start + timedelta(hours=1))
        assert client.get("/api/v1/me", headers=header).status_code == 200
        clock.shift(timedelta(hours=1))
        assert client.get("/api/v1/me", headers=header).status_code == 401
        with pytest.raises(BadInput, match="in the past"):
            token_of(sqlite_database, ann, expires_at=start)


def test_the_page_makes_a_token_of_a_scope_until_a_day(
    ann: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(ann)
    yesterday = (utc_now() - timedelta(days=1)).date().isoformat()
    fields = {"name": "nightly", "scopes": ["review"], "expires_on": yesterday}
    refused = Page(browser.post("/account/tokens", fields, status=422))
    assert "This day is over" in refused.text
    assert refused.form("/account/tokens")["name"] == "nightly"
    browser.post("/account/tokens", {**fields, "expires_on": "2999-01-01"}, status=201)
    with sqlite_database.reading() as session:
        row = queries.tokens_of(session, ann.id)[0]
    assert (row.scopes, row.expires_at and row.expires_at.year) == (["read", "review"], 2999)


def test_an_admin_sees_and_revokes_the_tokens_of_a_person(
    ann: Account, admin: Account, browser: Browser, client: FlaskClient, sqlite_database: Database
) -> None:
    header = token_of(sqlite_database, ann)
    browser.sign_in_as(admin)
    page = browser.get(f"/people/{ann.public_id}")
    path = next(form["action"] for form in page.forms if form["action"].endswith("/revoke"))
    browser.post(path.replace(ann.public_id, admin.public_id), status=404)
    browser.post(path)
    assert client.get("/api/v1/me", headers=header).status_code == 401


def test_every_route_says_what_a_token_must_be_for(app: Flask) -> None:
    writes = {
        (method, rule.rule): scope_of(app, rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert Scope.READ not in writes.values()
    assert writes["PUT", "/api/v1/assignments/<public_id>/review"] is Scope.REVIEW
    assert writes["PATCH", "/api/v1/people/<account>"] is Scope.ADMIN
    assert writes["POST", "/api/v1/projects/<p>/exports"] is Scope.MANAGE


def test_a_token_makes_none_that_outlives_it(ann: Account, app: Flask, sqlite_database: Database) -> None:
    end = utc_now() + timedelta(hours=1)
    headers = token_of(sqlite_database, ann, Scope.MANAGE, expires_at=end)
    ends = (None, (end + timedelta(hours=1)).isoformat(), (end - timedelta(minutes=1)).isoformat())
    client = app.test_client()
    sent = [client.post(PATH, json={"name": "more", "expires_at": at}, headers=headers) for at in ends]
    assert [answer.status_code for answer in sent] == [403, 403, 201]
