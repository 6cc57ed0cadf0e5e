"""An app with its database, and people who are signed in to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from evalhub.accounts import service
from evalhub.accounts.models import AccountKind, InstanceRole
from evalhub.app import create_app
from evalhub.config import Settings
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.web.client import Page

RUBRIC = b"""\
name: answers
version: 1
title: "Answers <b>"
description: |
  Read **first**.
levels: [unacceptable, adequate, excellent]
pass: {score_at_least: 0.7}
criteria:
  - id: accuracy
    title: Accuracy
    description: "Is it right?"
    guidance: "Check *figures*."
    critical: true
    levels: {unacceptable: "A claim misleads.", adequate: "Small slips.", excellent: "Right <i>throughout</i>."}
    note: {required_at_or_below: unacceptable}
    failure_tags: [wrong-fact]
    examples: [{level: adequate, text: "`x = 1`", why: "Nearly."}]
  - id: length
    title: Length
    range: {min: 1, max: 10}
    not_applicable: true
    applies_to: [prose]
"""


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    settings = Settings(
        instance=tmp_path, secret_key="k3yThatIsLongAndRandom0123456789abcdefXYZ", database_url=str(database.url)
    )
    return create_app(settings, database)


@pytest.fixture
def admin(app: Flask, database: Database) -> Browser:
    return Browser(app, database, "admin", InstanceRole.ADMIN)


@pytest.fixture
def member(app: Flask, database: Database) -> Browser:
    return Browser(app, database, "member", InstanceRole.MEMBER)


class Browser:
    """Somebody signed in, with a token for programs as well; pages that come back are checked in passing."""

    def __init__(self, app: Flask, database: Database, login: str, role: InstanceRole) -> None:
        def sign_in(session: Session) -> tuple[str, str]:
            account = service.create_account(
                session, kind=AccountKind.HUMAN, login=login, display_name=login.title(), role=role, now=utc_now()
            )
            secret = service.open_session(session, account.id, life=timedelta(hours=1), now=utc_now())
            return secret, service.create_token(session, account_id=account.id, name="test", now=utc_now())

        secret, self._token = write(sign_in, on=database)
        self._client: FlaskClient = app.test_client()
        self._programs: FlaskClient = app.test_client()
        self._client.set_cookie("evalhub-8000", secret, domain="127.0.0.1")

    def get(self, path: str) -> TestResponse:
        response = self._client.get(path, base_url="http://127.0.0.1:8000")
        if response.mimetype == "text/html":
            _check_page(response)
        return response

    def post(self, path: str, fields: dict[str, object]) -> TestResponse:
        page = self._client.get("/rubrics", base_url="http://127.0.0.1:8000").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        response = self._client.post(path, data={"csrf_token": token[1], **fields}, base_url="http://127.0.0.1:8000")
        if response.mimetype == "text/html" and response.status_code != 303:
            _check_page(response)
        return response

    def api(self, method: str, path: str, body: bytes = b"", *, content_type: str = "application/yaml") -> TestResponse:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        url = f"/api/v1{path}"
        return self._programs.open(url, method=method, data=body, headers=headers, base_url="http://127.0.0.1:8000")


def _check_page(response: TestResponse) -> None:
    assert Page(response).faults == []


@pytest.fixture
def published(admin: Browser) -> Callable[[bytes], TestResponse]:
    def publish(content: bytes = RUBRIC) -> TestResponse:
        response = admin.api("POST", "/rubrics", content)
        assert response.status_code == 201, response.text
        return response

    return publish
