"""An app and a browser for the tests of the web's ground floor."""

from __future__ import annotations

import pytest
from flask import Flask

from evalhub.db import Database
from tests.web.client import Browser, app_for


@pytest.fixture
def app(sqlite_database: Database) -> Flask:
    return app_for(sqlite_database)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)
