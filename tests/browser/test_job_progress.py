"""The page of a job in a real browser: it follows the work, and shows the end without being asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from evalhub.db import Database
from evalhub.jobs import service
from evalhub.web.session import write
from tests.browser.conftest import SignIn
from tests.jobs.test_service import enqueued, leased, taken
from tests.servers import serving
from tests.web.client import a_person
from tests.web.test_accessibility import faults_of

pytestmark = pytest.mark.browser


def test_the_page_follows_a_job_to_its_end(sqlite_database: Database, tmp_path: Path, sign_in: SignIn) -> None:
    asker = a_person(sqlite_database, "asker")
    job = enqueued(sqlite_database, by_id=asker.id)
    with serving(sqlite_database, tmp_path, workers=1) as server:
        page = sign_in(server, sqlite_database, asker.id)
        page.goto(f"/jobs/{job.public_id}")
        expect(page.locator("main")).to_contain_text("Waits for a worker")
        faults = faults_of(page)
        run = taken(sqlite_database, job)
        write(partial(service.report, **leased(run), done=30, total=40, stage="Counting"), on=sqlite_database)
        expect(page.locator("main")).to_contain_text("Counting: 30 of 40", timeout=30_000)
        expect(page.locator("progress")).to_have_js_property("position", 0.75)
        faults += faults_of(page)
        write(partial(service.finish, **leased(run), result={"path": "/projects"}), on=sqlite_database)
        expect(page.get_by_role("link", name="See what was made")).to_be_visible(timeout=30_000)
        faults += faults_of(page)
    assert faults == []
