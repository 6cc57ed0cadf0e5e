"""The pages of rubrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rubrics.conftest import RUBRIC, Browser

Publish = Callable[..., Any]


def test_without_a_rubric_the_list_says_what_to_do(admin: Browser) -> None:
    page = admin.get("/rubrics")
    assert page.status_code == 200
    assert "evalhub rubric add FILE" in page.text


def test_the_list_leads_to_the_newest_version_and_escapes_titles(member: Browser, published: Publish) -> None:
    published()
    published(RUBRIC.replace(b"version: 1", b"version: 2"))
    page = member.get("/rubrics").text
    assert 'href="/rubrics/answers/2"' in page
    assert "Answers &lt;b&gt;" in page
    assert "/rubrics/new" not in page


def test_a_version_shows_every_descriptor(member: Browser, published: Publish) -> None:
    published()
    page = member.get("/rubrics/answers/1").text
    for text in (
        "Is it right?",
        "A claim misleads.",
        "Small slips.",
        "Right &lt;i&gt;throughout&lt;/i&gt;.",
        "Nearly.",
    ):
        assert text in page
    assert "<strong>first</strong>" in page
    assert "<em>figures</em>" in page
    assert "A note is required at “Unacceptable” and below" in page
    assert "A number from 1 (worst) to 10 (best)" in page
    assert "Wrong fact" in page


@pytest.mark.parametrize(
    "path", ["/rubrics/answers/2", "/rubrics/nothing/1", "/rubrics/answers/99999999999", "/rubrics/answers/x"]
)
def test_what_is_not_there_is_not_found(member: Browser, published: Publish, path: str) -> None:
    published()
    assert member.get(path).status_code == 404


def test_the_file_comes_back_as_it_was_published(member: Browser, published: Publish) -> None:
    published()
    response = member.get("/rubrics/answers/1/yaml")
    assert response.data == RUBRIC
    assert response.headers["Content-Disposition"] == 'attachment; filename="answers@1.yaml"'


def test_two_versions_are_compared(member: Browser, published: Publish) -> None:
    published()
    published(RUBRIC.replace(b"version: 1", b"version: 2").replace(b"Small slips.", b"Harmless slips."))
    page = member.get("/rubrics/answers/1/compare/2").text
    assert "Small slips." in page
    assert "Harmless slips." in page
    assert "cannot be compared: accuracy" in page
    assert 'href="/rubrics/answers/1/compare/2"' in member.get("/rubrics/answers/2").text


def test_only_admins_publish(member: Browser) -> None:
    assert member.get("/rubrics/new").status_code == 403
    assert member.post("/rubrics/new", {"source": RUBRIC.decode()}).status_code == 403
    assert member.api("POST", "/rubrics", RUBRIC).status_code == 403


def test_a_rubric_is_checked_while_it_is_typed(member: Browser) -> None:
    assert member.post("/rubrics/validate", {"source": RUBRIC.decode()}).json["valid"] is True
    assert "Right &lt;i&gt;throughout" in member.post("/rubrics/validate", {"source": RUBRIC.decode()}).json["form"]
    answer = member.post("/rubrics/validate", {"source": "name: x\nversion: 0\n"}).json
    assert answer["valid"] is False
    assert answer["faults"][0] == {
        "code": "schema",
        "message": "is missing or not a list; give a list of 1 to 500",
        "path": "criteria",
        "line": 1,
        "column": 1,
    }
    assert [fault["path"] for fault in answer["faults"]] == ["criteria", "version"]


def test_the_json_schema_can_be_fetched(member: Browser) -> None:
    assert member.get("/rubrics/rubric.schema.json").json["title"] == "evalhub rubric"
