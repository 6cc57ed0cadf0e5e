"""Past ratings come in by pages: uploaded, looked at, confirmed; the jobs between are run here."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import Account, InstanceRole
from evalhub.app import create_app
from evalhub.db import Database
from evalhub.jobs.models import JobState
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import Rating
from evalhub.web.session import write
from tests.jobs.work import work_off
from tests.web.client import Browser, settings_for
from tests.world import World, a_project, an_account, with_roles

GOOD = [
    {"item_id": f"i{n}", "reviewer": reviewer, "criterion": "accuracy", "level": "excellent"}
    for n in (1, 2)
    for reviewer in ("old1", "old2")
]


@pytest.fixture
def world(sqlite_database: Database) -> World:
    items = [{"id": f"i{n}", "prompt": "Q", "response": "A"} for n in (1, 2, 3)]
    return with_roles(a_project(sqlite_database, items=items), "max", ProjectRole.MANAGER)


@pytest.fixture
def browser(world: World, tmp_path: Path) -> Browser:
    browser = Browser(create_app(settings_for(world.database, tmp_path), world.database))
    browser.sign_in_as(world.people["max"])
    return browser


def as_lines(records: list[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def checked(browser: Browser, world: World, body: bytes, name: str = "ratings.jsonl") -> str:
    answer = browser.post("/projects/p/ratings/import", {"file": (io.BytesIO(body), name)})
    assert [job.state for job in work_off(world.database)] == [JobState.DONE]
    return str(answer.location)


def n_ratings(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Rating)) or 0


def test_ratings_are_checked_counted_confirmed_and_stored(browser: Browser, world: World) -> None:
    at = checked(browser, world, as_lines(GOOD))
    page = browser.get(at)
    assert "4 ratings of 2 items" in page.text
    assert "old1" in page.text
    assert n_ratings(world.database) == 0
    browser.post(f"{at}/confirm")
    work_off(world.database)
    done = browser.get(at).text
    assert "4 ratings of 2 items were added" in done
    assert "See how far the reviewers agree" in done
    assert n_ratings(world.database) == 4


def test_bad_lines_are_listed_and_can_be_downloaded(browser: Browser, world: World) -> None:
    at = checked(browser, world, as_lines([*GOOD, {**GOOD[0], "item_id": "i9"}, {**GOOD[0], "level": "superb"}]))
    assert "line 5" in browser.get(at).text
    notes = browser.client.get(f"{at}/notes.jsonl").text
    assert {json.loads(line)["line"] for line in notes.splitlines()} == {5, 6}
    browser.post(f"{at}/confirm", status=409)
    assert n_ratings(world.database) == 0


def test_reviewers_of_the_file_can_be_members(browser: Browser, world: World) -> None:
    at = checked(browser, world, b"item,who,criterion,level\ni1,Ann.A,accuracy,excellent\n", "ratings.csv")
    mapping = "item_id=item\nreviewer=who"
    wrong = browser.post(at, {"format": "csv", "field_map": mapping, "reviewer_map": "ann"}, status=422)
    assert "item_id=item" in wrong.text
    browser.post(at, {"format": "csv", "field_map": mapping, "reviewer_map": "Ann.A=ann"})
    work_off(world.database)
    browser.post(f"{at}/confirm")
    work_off(world.database)
    with world.database.reading() as session:
        assert session.scalars(sa.select(Rating.reviewer_id)).all() == [world.people["ann"].id]


def test_a_map_to_nobody_is_refused_by_the_check(browser: Browser, world: World) -> None:
    at = checked(browser, world, as_lines(GOOD))
    browser.post(at, {"format": "jsonl", "reviewer_map": "old1=nobody"})
    work_off(world.database)
    page = browser.get(at).text
    assert "is no member of the project" in page
    assert "old1=nobody" in page


def test_only_managers_may_and_for_strangers_there_is_no_such_project(browser: Browser, world: World) -> None:
    at = checked(browser, world, as_lines(GOOD))

    def stranger(session: Any) -> Account:
        return an_account(session, "eve", role=InstanceRole.MEMBER)

    browser.sign_in_as(world.people["ann"])
    browser.get("/projects/p/ratings/import", status=403)
    browser.get(at, status=403)
    browser.sign_in_as(write(stranger, on=world.database))
    browser.get(at, status=404)
