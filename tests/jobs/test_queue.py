"""The queue beside the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalhub.db import Database
from evalhub.errors import CannotStart
from evalhub.jobs.queue import JobQueue
from tests.web.client import settings_for


def test_a_damaged_queue_is_named_with_what_to_do(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(CannotStart, match=r"jobs\.db cannot be used \(file is not a database\).*delete it"):
        JobQueue(settings_for(sqlite_database, tmp_path))


def test_a_queue_in_a_folder_that_is_not_there_is_named(sqlite_database: Database, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"jobs\.db cannot be used"):
        JobQueue(settings_for(sqlite_database, tmp_path / "nowhere"))
