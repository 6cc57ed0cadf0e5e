"""Taking the dataset from the page and by the API."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.export.models import Export
from evalhub.export.schema.verify import verify_bundle
from evalhub.web.session import write
from tests.adjudication.worlds import differing
from tests.web.client import Browser, Page, a_token, app_for
from tests.world import World, an_account

PAGE = "/projects/p/exports"
API = "/api/v1/projects/p/export"


@pytest.fixture
def world(database: Database) -> World:
    return differing(database, {"accuracy": "unacceptable"}, {}, items=3)


def admin_of(world: World) -> Account:
    def make(session: Session) -> Account:
        return an_account(session, "root", role=InstanceRole.ADMIN)

    return write(make, on=world.database)


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(admin_of(world))


def test_the_zip_holds_a_bundle_that_verifies(world: World, browser: Browser, tmp_path: Path) -> None:
    browser.get(PAGE)
    answer = browser.post(PAGE, {"shape": "bundle"}, status=200)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="p.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        archive.extractall(tmp_path)
    found = verify_bundle(tmp_path / "p")
    with world.database.reading() as session:
        export = session.scalars(sa.select(Export)).one()
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "export.made")).one()
    assert export.manifest_sha256 == found.manifest_sha256
    assert json.loads(event.body)["payload"]["manifest_sha256"] == found.manifest_sha256


def test_a_past_export_is_listed_with_its_hash_and_its_command(world: World, browser: Browser) -> None:
    browser.get(PAGE)
    fields = {"shape": "jsonl", "criterion": "accuracy", "model": "hidden-model-1", "without_text": "y"}
    lines = browser.post(PAGE, fields, status=200).data.splitlines()
    assert [json.loads(line)["model"] for line in lines] == ["hidden-model-1"]
    page = browser.get(PAGE)
    with world.database.reading() as session:
        assert session.scalars(sa.select(Export.manifest_sha256)).one() in page.text
    command = "evalhub export p -o out.jsonl --format jsonl --model hidden-model-1 --criterion accuracy --without-text"
    assert command in page.html


def test_filters_that_leave_nothing_are_answered_on_the_page(browser: Browser) -> None:
    browser.get(PAGE)
    answer = browser.post(PAGE, {"shape": "bundle", "tag": "nobody"}, status=422)
    assert "There is nothing to export" in answer.get_data(as_text=True)


@pytest.mark.parametrize("lines", ["m" * 4097, "m\n" * 1001])
def test_more_than_a_filter_holds_is_said_at_the_filter(browser: Browser, lines: str) -> None:
    browser.get(PAGE)
    page = Page(browser.post(PAGE, {"shape": "jsonl", "model": lines}, status=422))
    assert re.search(r'id="model-error"[^>]*>[^<]*should have at most', page.html)


def test_only_managers_may_export(world: World) -> None:
    app = app_for(world.database)
    Browser(app).sign_in_as(world.people["r1"]).get(PAGE, status=403)
    assert app.test_client().get(API, headers=a_token(world.database, world.people["r1"])).status_code == 403


def test_programs_get_the_items_as_lines_and_the_bundle_as_a_zip(world: World, tmp_path: Path) -> None:
    client, token = app_for(world.database).test_client(), a_token(world.database, admin_of(world))
    items = client.get(API, headers=token)
    assert items.mimetype == "application/jsonl"
    assert [json.loads(line)["item_id"] for line in items.data.splitlines()] == [
        "i:source-id-0",
        "i:source-id-1",
        "i:source-id-2",
    ]
    final = client.get(f"{API}?state=final&state=incomplete", headers=token)
    assert len(final.data.splitlines()) == 2
    bundle = client.post(API, headers=token)
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        archive.extractall(tmp_path)
    verify_bundle(tmp_path / "p")


@pytest.mark.parametrize(
    "query",
    [
        "state=best",
        "format=bundle",
        "criterion=none",
        "as_of=now",
        "x=1",
        "as_of=1&as_of=2",
        "as_of=0001-01-01T00:00:00%2B23:00",
    ],
)
def test_a_query_that_asks_for_no_export_is_422(world: World, query: str) -> None:
    client = app_for(world.database).test_client()
    assert client.get(f"{API}?{query}", headers=a_token(world.database, admin_of(world))).status_code == 422
