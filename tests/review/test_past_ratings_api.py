from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from evalhub.accounts import service
from evalhub.accounts.models import InstanceRole
from evalhub.app import create_app
from evalhub.config import Settings
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.world import World, a_project, an_account

URL = "/api/v1/projects/p/ratings"
KEY = "Zk3yThatIsLong-and-Random_0123456789abcdef"


@pytest.fixture
def world(database: Database) -> World:
    return a_project(database)


def program(world: World, tmp_path: Path, login: str) -> FlaskClient:
    """A client with a token of a member of the world, or of a new admin."""

    def make(session: Any) -> str:
        account = world.people.get(login) or an_account(session, login, role=InstanceRole.ADMIN)
        return service.create_token(session, account_id=account.id, name="test", now=utc_now())

    url = world.database.url.render_as_string(hide_password=False)
    app = create_app(Settings(instance=tmp_path, secret_key=KEY, database_url=url), world.database)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {write(make, on=world.database)}"
    return client


def lines(*changes: dict[str, Any]) -> bytes:
    good = {"item_id": "source-id-0", "reviewer": "r1", "criterion": "accuracy", "level": "adequate"}
    return b"".join(json.dumps(good | change).encode() + b"\n" for change in changes)


def test_ratings_are_added_once(world: World, tmp_path: Path) -> None:
    client = program(world, tmp_path, "root")
    checked = client.post(f"{URL}?check=true", data=lines({}))
    first, again = client.post(URL, data=lines({})), client.post(URL, data=lines({}))
    assert [answer.status_code for answer in (checked, first, again)] == [200, 201, 200]
    assert (first.json["added"], again.json["unchanged"]) == (1, 1)


def test_bad_lines_are_422_with_their_numbers(world: World, tmp_path: Path) -> None:
    answer = program(world, tmp_path, "root").post(URL, data=lines({}, {"item_id": "none"}, {"level": 2}))
    assert answer.status_code == 422
    assert [detail["line"] for detail in answer.json["error"]["details"]] == [2, 3]


def test_only_managers_import_ratings(world: World, tmp_path: Path) -> None:
    assert program(world, tmp_path, "ann").post(URL, data=lines({})).status_code == 403
    assert program(world, tmp_path, "root").post("/api/v1/projects/none/ratings", data=lines({})).status_code == 404
