"""The page that undoes an import."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from evalhub.db import Database
from tests.datasets.test_undo import add_items, counts, first_import
from tests.jobs.work import work_off
from tests.world import a_project


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Pages on SQLite alone; what they call is tested on both."""
    return sqlite_database


def test_the_page_says_what_goes_and_does_it(browser: FlaskClient, database: Database) -> None:
    import_id = add_items(database, "new1", dataset="alone")
    at = f"/datasets/alone/undo/{import_id}"
    assert at in browser.get("/datasets/alone").text
    assert "removes the 1 item that" in browser.get(at).text
    assert browser.post(at).location == "/datasets"
    work_off(database)
    assert browser.get("/datasets/alone").status_code == 404


def test_the_page_says_why_it_cannot_be_done(browser: FlaskClient, database: Database) -> None:
    world = a_project(database, items=1)
    world.claim("ann")
    at = f"/datasets/p-items/undo/{first_import(world)}"
    assert "It cannot be undone any more" in browser.get(at).text
    answer = browser.post(at)
    assert (answer.status_code, answer.location) == (303, at)
    assert counts(database)[0] == 1
