"""Rubrics for programs, and the corpus of hostile files by way of them."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from werkzeug.test import TestResponse

from evalhub.db import Database
from evalhub.rubrics.models import Rubric, RubricVersion
from tests.rubrics.conftest import RUBRIC, Browser


def test_a_new_rubric_is_created_and_the_same_again_is_the_same(admin: Browser) -> None:
    first = admin.api("POST", "/rubrics", RUBRIC)
    again = admin.api("POST", "/rubrics", RUBRIC.replace(b"\n", b"\r\n"), content_type="text/yaml")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json["url"] == "/api/v1/rubrics/answers/1"


def test_another_content_under_the_same_number_is_a_conflict(admin: Browser) -> None:
    admin.api("POST", "/rubrics", RUBRIC)
    response = admin.api("POST", "/rubrics", RUBRIC.replace(b"Accuracy", b"Truth"))
    assert (response.status_code, response.json["error"]["code"]) == (409, "version_exists")


def test_a_version_comes_back_in_full(admin: Browser, member: Browser) -> None:
    sent = admin.api("POST", "/rubrics", RUBRIC).json
    found = member.api("GET", "/rubrics/answers/1").json
    assert found["sha256"] == sent["sha256"]
    assert found["rubric"]["criteria"][0]["levels"][1]["description"] == "Small slips."
    assert [each["name"] for each in member.api("GET", "/rubrics").json["rubrics"]] == ["answers"]
    assert member.api("GET", "/rubrics/answers/2").status_code == 404


def test_a_full_version_can_be_published_elsewhere_as_it_is(admin: Browser) -> None:
    sent = admin.api("POST", "/rubrics", RUBRIC).json
    document = admin.api("GET", "/rubrics/answers/1").json["rubric"]
    again = admin.api("POST", "/rubrics", json.dumps(document, ensure_ascii=False).encode())
    assert (again.status_code, again.json["sha256"]) == (200, sent["sha256"])


def test_a_body_of_another_kind_or_size_is_refused(admin: Browser) -> None:
    assert admin.api("POST", "/rubrics", RUBRIC, content_type="image/png").status_code == 415
    too_large = admin.api("POST", "/rubrics", b"#" * 300_000)
    assert (too_large.status_code, too_large.json["error"]["code"]) == (413, "too_large")


def test_a_rubric_is_checked_and_not_stored(member: Browser) -> None:
    good = member.api("POST", "/rubrics/validate", RUBRIC).json
    assert (good["valid"], good["rubric"]["name"], good["faults"]) == (True, "answers", [])
    bad = member.api("POST", "/rubrics/validate", RUBRIC.replace(b"critical: true", b"critical: yes"))
    assert bad.status_code == 200
    assert [(fault["line"], fault["column"]) for fault in bad.json["faults"]] == [(13, 15)]
    assert member.api("GET", "/rubrics").json["rubrics"] == []


def test_versions_are_listed_and_compared(admin: Browser, member: Browser) -> None:
    admin.api("POST", "/rubrics", RUBRIC)
    admin.api("POST", "/rubrics", RUBRIC.replace(b"version: 1", b"version: 2").replace(b"Small slips.", b"Slips."))
    assert [line["version"] for line in member.api("GET", "/rubrics/answers").json["versions"]] == [2, 1]
    found = member.api("GET", "/rubrics/answers/1/compare/2").json
    assert (found["changed"], found["carried_over"]) == (["accuracy"], ["length"])
    assert found["changes"][0]["after"] == "Slips."
    assert member.api("GET", "/rubrics/nothing").status_code == 404
    assert member.api("GET", "/rubrics/schema").json["title"] == "evalhub rubric"


def test_a_draft_is_written_saved_and_published(admin: Browser, member: Browser) -> None:
    def send(method: str, path: str, body: object) -> TestResponse:
        return admin.api(method, path, json.dumps(body).encode(), content_type="application/json")

    begun = send("POST", "/rubrics/drafts", {"source": "name: ["}).json
    path = f"/rubrics/drafts/{begun['id']}"
    assert send("PUT", path, {"source": RUBRIC.decode(), "revision": 1}).json["revision"] == 2
    late = send("PUT", path, {"source": "name: late", "revision": 1})
    assert (late.status_code, late.json["error"]["code"]) == (409, "draft_conflict")
    assert [line["title"] for line in admin.api("GET", "/rubrics/drafts").json["drafts"]] == ["Answers <b>"]
    assert member.api("GET", path).status_code == 403
    published = send("POST", f"{path}/publish", {"revision": 2})
    assert (published.status_code, published.json["version"]) == (201, 1)
    assert admin.api("GET", path).status_code == 404
    following = send("POST", "/rubrics/answers/1/drafts", {}).json
    assert (following["based_on"], "version: 2" in following["source"]) == ("answers@1", True)
    assert admin.api("DELETE", f"/rubrics/drafts/{following['id']}").status_code == 204


def test_the_corpus_is_answered_as_its_manifest_says(admin: Browser, database: Database, shared: Path) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text())
    for number, case in enumerate(c for c in manifest["files"] if c["kind"] == "rubric_yaml"):
        content = (shared / "corpus" / case["path"]).read_bytes()
        wanted = case["expect"]
        if wanted["http"] == 201:  # each case stands for a fresh instance, so each gets a number of its own
            content = content.replace(b"version: 1", f"version: {number + 1}".encode())
        before = _stored(database)
        response = admin.api("POST", "/rubrics", content)
        assert response.status_code == wanted["http"], (case["path"], response.text)
        for forbidden in wanted.get("response_must_not_contain", ()):
            assert forbidden not in response.text.replace(response.json.get("sha256", ""), ""), case["path"]
        if wanted["http"] == 201:
            page = admin.get(f"/rubrics/baseline/{number + 1}")
            assert page.status_code == 200
            assert "<img" not in page.text
            continue
        error = response.json["error"]
        assert error["code"] == wanted["error_code"], (case["path"], error)
        assert error["details"][0]["line"], case["path"]
        assert error["details"][0]["column"], case["path"]
        assert _stored(database) == before
        assert not Path(wanted.get("canary_absent", "/nonexistent")).exists()


def _stored(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        return (
            session.scalar(sa.select(sa.func.count()).select_from(Rubric)) or 0,
            session.scalar(sa.select(sa.func.count()).select_from(RubricVersion)) or 0,
        )
