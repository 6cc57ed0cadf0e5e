"""An app and a test client for the web's ground floor; a real browser, and the demo instance served for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from evalhub.db import Database
from evalhub.demo.load import load_demo
from evalhub.wiring import connect_handlers
from tests.servers import serving
from tests.web.client import Browser, app_for
from tests.web.signed_in import Demo


@pytest.fixture
def app(sqlite_database: Database) -> Flask:
    return app_for(sqlite_database)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture(scope="session")
def demo_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's database, filled once."""
    path = tmp_path_factory.mktemp("demo-template") / "evalhub.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    connect_handlers()
    load_demo(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="module")
def demo(chromium: Chromium, demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo instance, served."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(demo_template, folder / "evalhub.db")
    database = Database(f"sqlite:///{folder / 'evalhub.db'}")
    with serving(database, folder, workers=1) as server:
        yield Demo(chromium, database, server.url)
    database.close()
