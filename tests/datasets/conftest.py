"""An app with an admin and a member, reached as programs and as browsers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from evalhub.accounts import service
from evalhub.accounts.models import AccountKind, InstanceRole
from evalhub.app import create_app
from evalhub.config import Settings
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write

KEY = "Zk3yThatIsLong-and-Random_0123456789abcdef"


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    url = database.url.render_as_string(hide_password=False)
    return create_app(Settings(instance=tmp_path, secret_key=KEY, database_url=url), database)


class People:
    """Makes accounts, and clients that act as them."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app = app
        self.database = database

    def program(self, login: str, role: InstanceRole = InstanceRole.ADMIN) -> FlaskClient:
        """A client with an API token."""
        account_id = self._account(login, role)
        token = write(
            lambda s: service.create_token(s, account_id=account_id, name="test", now=utc_now()), on=self.database
        )
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def browser(self, login: str, role: InstanceRole = InstanceRole.ADMIN) -> FlaskClient:
        """A signed-in client that sends the CSRF token of its session as a header."""
        account_id = self._account(login, role)
        life = timedelta(hours=1)
        secret = write(lambda s: service.open_session(s, account_id, life=life, now=utc_now()), on=self.database)
        client = self.app.test_client()
        client.set_cookie("evalhub-8000", secret)
        client.environ_base["HTTP_X_CSRF_TOKEN"] = write(_csrf_token, on=self.database)
        return client

    def _account(self, login: str, role: InstanceRole) -> int:
        def make(session: Session) -> int:
            return service.create_account(
                session, kind=AccountKind.HUMAN, login=login, display_name=login.title(), role=role, now=utc_now()
            ).id

        return write(make, on=self.database)


def _csrf_token(session: Session) -> str:
    import sqlalchemy as sa

    from evalhub.accounts.models import SignInSession

    return session.scalars(sa.select(SignInSession.csrf_token).order_by(SignInSession.id.desc())).first() or ""


@pytest.fixture
def people(app: Flask, database: Database) -> People:
    return People(app, database)


@pytest.fixture
def program(people: People) -> FlaskClient:
    return people.program("admin")


@pytest.fixture
def browser(people: People) -> FlaskClient:
    return people.browser("boss")
