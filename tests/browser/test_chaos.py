"""Whatever breaks while somebody grades, nothing typed is lost and nothing is stored twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from evalhub.db import Database
from tests.browser.chaos import broken_by_all, play, stage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RUNS, SEED = 3, 1


def test_nothing_typed_is_lost_or_stored_twice(sqlite_database: Database, tmp_path: Path, chromium: Browser) -> None:
    with stage(sqlite_database, tmp_path, runs=RUNS) as found:
        faults = [fault for number in range(RUNS) for fault in play(found, chromium, number, SEED).faults]
        assert faults + broken_by_all(found.world) == []
