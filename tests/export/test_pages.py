"""Taking the dataset from the page and by the API."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.export.models import Export
from evalhub.export.schema.options import Options
from evalhub.export.schema.verify import verify_bundle
from evalhub.export.service.background import drop_old_files
from evalhub.export.service.jsonl import item_lines
from evalhub.jobs.models import Job, JobState
from evalhub.web.session import write
from tests.adjudication.worlds import differing
from tests.background import work_off
from tests.web.client import Browser, Page, a_token, app_for
from tests.world import World, a_project, an_account

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
def folder(tmp_path: Path) -> Path:
    """The instance's folder."""
    made = tmp_path / "instance"
    made.mkdir()
    return made


@pytest.fixture
def browser(world: World, folder: Path) -> Browser:
    return Browser(app_for(world.database, folder=folder)).sign_in_as(admin_of(world))


def work(world: World) -> JobState:
    """Do what waits in the background; how the last of it ended."""
    work_off(world.database)
    with world.database.reading() as session:
        return session.scalars(sa.select(Job.state).order_by(Job.id.desc()).limit(1)).one()


def exports_of(world: World) -> list[Export]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(Export).order_by(Export.id)))


def test_an_export_is_made_in_the_background_and_its_bundle_verifies(
    world: World, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    browser.get(PAGE)
    for _ in range(2):
        browser.post(PAGE, {"shape": "bundle"})
    assert "Waits for a worker" in browser.get(PAGE).text
    assert work(world) is JobState.DONE
    (export,) = exports_of(world)
    (kept,) = (folder / "exports").iterdir()
    assert (kept.name, kept.stat().st_mode & 0o777) == (f"{export.public_id}.zip", 0o600)
    path = f"{PAGE}/{export.public_id}/file"
    assert path in browser.get(PAGE).links
    answer = browser.client.get(path, base_url=browser.base_url)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="p.zip"'
    assert len(answer.data) == export.n_bytes
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        archive.extractall(tmp_path)
    assert verify_bundle(tmp_path / "p", expect=export.manifest_sha256)
    with world.database.reading() as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "export.made")).one()
    assert json.loads(event.body)["payload"]["manifest_sha256"] == export.manifest_sha256


def test_a_past_export_is_listed_with_its_hash_and_its_command_and_made_again(world: World, browser: Browser) -> None:
    browser.get(PAGE)
    fields = {"shape": "jsonl", "criterion": "accuracy", "model": "hidden-model-1", "without_text": "y"}
    browser.post(PAGE, fields)
    work(world)
    (export,) = exports_of(world)
    lines = browser.client.get(f"{PAGE}/{export.public_id}/file", base_url=browser.base_url).data.splitlines()
    assert [json.loads(line)["model"] for line in lines] == ["hidden-model-1"]
    page = browser.get(PAGE)
    assert export.manifest_sha256 in page.text
    command = "evalhub export p -o out.jsonl --format jsonl --model hidden-model-1 --criterion accuracy --without-text"
    assert command in page.html
    browser.post(f"{PAGE}/{export.public_id}/again")
    work(world)
    first, second = exports_of(world)
    assert (second.options, second.manifest_sha256) == (first.options, first.manifest_sha256)


def test_a_file_is_dropped_when_its_time_is_over_and_its_record_stays(
    world: World, browser: Browser, folder: Path
) -> None:
    browser.get(PAGE)
    browser.post(PAGE, {"shape": "jsonl"})
    work(world)
    (export,) = exports_of(world)
    assert export.kept_until is not None
    drop_old_files(world.database, export.kept_until - timedelta(seconds=1))
    browser.client.get(f"{PAGE}/{export.public_id}/file", base_url=browser.base_url)
    assert len(list((folder / "exports").iterdir())) == 1
    drop_old_files(world.database, export.kept_until)
    assert list((folder / "exports").iterdir()) == []
    assert "not kept" in browser.get(PAGE).text
    browser.get(f"{PAGE}/{export.public_id}/file", status=404)


def test_the_preview_shows_records_as_the_export_holds_them_and_records_nothing(world: World, browser: Browser) -> None:
    browser.get(PAGE)
    fields = {"shape": "jsonl", "model": "hidden-model-1\nit's"}
    page = Page(browser.post(f"{PAGE}/preview", fields, status=200))
    shown = html.unescape(re.findall(r"<code>(\{.*?)</code>", page.html, re.DOTALL)[0])
    options = Options(model=("hidden-model-1",))
    assert [json.loads(shown)] == [json.loads(line) for line in item_lines(world.database, world.project.id, options)]
    assert re.search(r"Left out by only these models\s*2", page.text)
    assert """--model hidden-model-1 --model 'it'"'"'s'""" in html.unescape(page.html)
    assert "Pseudonyms on" in page.text
    assert exports_of(world) == []


def test_a_large_project_s_preview_counts_the_first_items_alone(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhub.export.service.preview.LOOKED_AT", 1)
    browser.get(PAGE)
    assert "its first items" in Page(browser.post(f"{PAGE}/preview", {"shape": "bundle"}, status=200)).text


def test_nobody_previews_or_downloads_what_they_may_not_export(world: World, browser: Browser) -> None:
    browser.get(PAGE)
    browser.post(PAGE, {"shape": "jsonl"})
    work(world)
    (export,) = exports_of(world)
    a_project(world.database, name="other", items=1, reviewers=("other",), adjudicators=())
    browser.get(f"/projects/other/exports/{export.public_id}/file", status=404)
    reviewer = Browser(browser.app).sign_in_as(world.people["r1"])
    reviewer.get(f"{PAGE}/{export.public_id}/file", status=403)
    reviewer.post(f"{PAGE}/preview", {"shape": "jsonl"}, status=403)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/preview"])
def test_filters_that_leave_nothing_are_answered_on_the_page(world: World, browser: Browser, path: str) -> None:
    browser.get(PAGE)
    answer = browser.post(path, {"shape": "bundle", "tag": "nobody"}, status=422)
    assert "There is nothing to export" in answer.get_data(as_text=True)
    assert "nobody</textarea>" in answer.get_data(as_text=True)


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


def test_programs_have_an_export_made_and_fetch_its_file(world: World, folder: Path) -> None:
    client = app_for(world.database, folder=folder).test_client()
    token, path = a_token(world.database, admin_of(world)), "/api/v1/projects/p/exports"
    assert client.post(path, json={"options": {"batch": ["none"]}}, headers=token).status_code == 422
    asked = client.post(path, json={"shape": "jsonl", "options": {"state": ["final"]}}, headers=token)
    assert asked.status_code == 202
    assert client.get(path, headers=token).json == {"exports": [], "being_made": "Waits for a worker"}
    work(world)
    found = client.get(path, headers=token).json
    assert found is not None
    (export,) = found["exports"]
    assert (export["is_kept"], export["options"], found["being_made"]) == (True, {"state": ["final"]}, None)
    kept = client.get(f"{path}/{export['id']}/file", headers=token)
    assert hashlib.sha256(kept.data).hexdigest() == export["sha256"]
    assert client.get(f"{path}/none/file", headers=token).status_code == 404


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
