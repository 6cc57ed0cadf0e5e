"""An app and people for the tests of accounts."""

from __future__ import annotations

import pytest
from flask import Flask

from evalhub.accounts.models import Account, InstanceRole
from evalhub.db import Database
from tests.web.client import PASSWORD, Browser, a_person, app_for


@pytest.fixture
def app(sqlite_database: Database) -> Flask:
    return app_for(sqlite_database)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def ann(sqlite_database: Database) -> Account:
    """Somebody who can sign in by password."""
    return a_person(sqlite_database, "ann", password=PASSWORD)


@pytest.fixture
def admin(sqlite_database: Database) -> Account:
    return a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
