"""The editor's pages: from a beginning to a published version, without a script."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.db import Database
from evalhub.rubrics.models import RubricDraft, RubricVersion
from evalhub.rubrics.schema import parse_rubric
from tests.rubrics.conftest import RUBRIC, Browser

Publish = Callable[..., Any]
FAULTY = RUBRIC.decode().replace("critical: true", "critical: yes")


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def begin(admin: Browser, source: str = RUBRIC.decode()) -> str:
    """The address of a draft with this text."""
    answer = admin.post("/rubrics/new", {"source": source})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def text_in(page: str) -> str:
    found = re.search(r'<textarea id="source"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def save(admin: Browser, url: str, source: str, revision: int = 1, **more: str) -> Any:
    return admin.post(url, {"source": source, "revision": revision, **more})


def test_a_blank_one_is_itself_a_rubric_and_says_what_each_line_is_for(admin: Browser) -> None:
    assert "Begin with a blank one" in admin.get("/rubrics/new").text
    page = admin.get(admin.post("/rubrics/new", {"start": "blank"}).location).text
    source = text_in(page)
    assert parse_rubric(source.encode(), "blank").name == "my-rubric"
    assert source.count("#") > 15
    assert "Are the claims, figures and code right?" in page.partition("data-form")[2]


def test_a_ready_one_takes_the_next_number_where_its_name_is_published(admin: Browser, published: Publish) -> None:
    first = admin.get(admin.post("/rubrics/new", {"start": "code-review"}).location).text
    published(text_in(first).encode())
    again = text_in(admin.get(admin.post("/rubrics/new", {"start": "code-review"}).location).text)
    assert again == re.sub("^version: 1", "version: 2", text_in(first), flags=re.MULTILINE)
    assert admin.post("/rubrics/new", {"start": "nothing"}).status_code == 422


def test_the_next_version_begins_with_the_text_of_a_published_one(admin: Browser, published: Publish) -> None:
    published()
    published(RUBRIC.replace(b"version: 1", b"version: 4"))
    answer = admin.post("/rubrics/answers/1/edit", {})
    page = admin.get(answer.location).text
    assert text_in(page) == RUBRIC.decode().replace("version: 1", "version: 5")
    assert 'href="/rubrics/answers/1"' in page
    assert admin.post("/rubrics/answers/3/edit", {}).status_code == 404


def test_a_faulty_text_may_be_kept_and_each_problem_names_place_remedy_and_line(admin: Browser) -> None:
    page = admin.get(begin(admin, FAULTY)).text
    assert text_in(page) == FAULTY
    assert '<span class="place">13:15</span> criteria[0].critical: yes is not true or false' in page
    assert "→ give one of the two words" in page
    assert '<code class="fault-line">    critical: yes</code>' in page
    assert "The form appears here once the problems are mended." in page


def test_a_file_that_no_draft_can_hold_is_refused_with_its_place(admin: Browser) -> None:
    page = admin.post("/rubrics/new", {"file": (io.BytesIO(RUBRIC + b"# \xff"), "r.yaml")})
    assert page.status_code == 422
    assert f"line {RUBRIC.count(10) + 1}, column 3" in page.text
    assert admin.get("/rubrics").text.count("/rubrics/drafts/") == 0


def test_drafts_stand_in_the_list_of_admins_alone(admin: Browser, member: Browser) -> None:
    url = begin(admin)
    assert url in admin.get("/rubrics").text
    assert url not in member.get("/rubrics").text
    for path in (url, f"{url}/compare", f"{url}/publish", "/rubrics/drafts/" + "0" * 32):
        assert member.get(path).status_code == 403
    for path in (url, f"{url}/publish", f"{url}/delete", f"{url}/renumber"):
        assert member.post(path, {"source": "x", "revision": 1}).status_code == 403


def test_saving_leads_on_to_what_was_pressed(admin: Browser) -> None:
    url = begin(admin)
    assert save(admin, url, FAULTY).location == url
    assert text_in(admin.get(url).text) == FAULTY
    assert save(admin, url, RUBRIC.decode(), 2, then="compare").location == f"{url}/compare"
    assert save(admin, url, RUBRIC.decode(), 3, then="publish").location == f"{url}/publish"
    assert save(admin, url, RUBRIC.decode(), 3, then="elsewhere").status_code == 422


def test_two_tabs_lose_nothing_both_texts_are_shown(admin: Browser) -> None:
    url = begin(admin)
    save(admin, url, "name: theirs\n")
    page = save(admin, url, "name: mine\n")
    assert page.status_code == 409
    assert text_in(page.text) == "name: mine\n"
    assert "name: theirs" in page.text.partition('id="theirs"')[2]
    assert 'name="revision" type="hidden" value="2"' in page.text
    assert save(admin, url, "name: theirs\n").status_code == 303  # the same text is no conflict
    assert save(admin, url, "name: mine\n", 2).status_code == 303


@pytest.mark.parametrize("fields", [{"source": "x" * 300_000}, {"source": "ä" * 140_000}, {"revision": "x"}])
def test_what_cannot_be_saved_comes_back_as_it_was_typed(admin: Browser, fields: dict[str, str]) -> None:
    page = admin.post(begin(admin), {"source": "name: x", "revision": "1", **fields})
    assert page.status_code in (413, 422)
    assert text_in(page.text).strip() == fields.get("source", "name: x")


def test_before_publishing_the_page_says_what_changes_and_afterwards_the_draft_is_gone(
    admin: Browser, published: Publish
) -> None:
    published()
    url = begin(admin, RUBRIC.decode().replace("version: 1", "version: 2").replace("Small slips.", "Slips."))
    page = admin.get(f"{url}/publish").text
    assert "Figures stop being comparable with version 1." in page
    assert "another question: its figures start anew" in page
    assert "Publish version 2 for good" in page
    answer = admin.post(f"{url}/publish", {"revision": 1})
    assert (answer.status_code, answer.location) == (303, "/rubrics/answers/2")
    assert admin.get(url).status_code == 404


def test_a_faulty_draft_is_not_published_and_kept(admin: Browser) -> None:
    url = begin(admin, FAULTY)
    assert admin.get(f"{url}/publish").location == url
    page = admin.post(f"{url}/publish", {"revision": 1})
    assert page.status_code == 422
    assert text_in(page.text) == FAULTY
    assert "13:15" in page.text


def test_a_draft_that_was_saved_since_is_not_published(admin: Browser, database: Database) -> None:
    url = begin(admin)
    save(admin, url, RUBRIC.decode() + "# later\n")
    assert admin.post(f"{url}/publish", {"revision": 1}).status_code == 409
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RubricVersion)) == 0


def test_a_number_that_is_taken_leads_to_the_next_free_one(admin: Browser, published: Publish) -> None:
    published()
    url = begin(admin, RUBRIC.decode().replace("Small slips.", "Slips."))
    page = admin.post(f"{url}/publish", {"revision": 1})
    assert page.status_code == 409
    assert "Use the next free number" in page.text
    admin.post(f"{url}/renumber", {})
    assert admin.post(f"{url}/publish", {"revision": 2}).location == "/rubrics/answers/2"


def test_a_draft_is_compared_with_what_it_is_based_on_by_meaning_and_by_text(
    admin: Browser, published: Publish
) -> None:
    published()
    url = admin.post("/rubrics/answers/1/edit", {}).location
    save(admin, url, text_in(admin.get(url).text).replace("Small slips.", "Slips."))
    page = admin.get(f"{url}/compare").text
    assert "<del>Small slips.</del>" in page
    assert re.search(r'<tr class="line-removed">.*Small slips', page)
    assert re.search(r'<tr class="line-added">.*Slips', page)
    save(admin, url, "name: [", 2)
    assert "only its text can be compared" in admin.get(f"{url}/compare").text
    assert "Nothing to compare with" in admin.get(f"{begin(admin)}/compare").text


def test_a_deleted_draft_is_gone(admin: Browser, database: Database) -> None:
    url = begin(admin)
    assert admin.post(f"{url}/delete", {}).location == "/rubrics"
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RubricDraft)) == 0
    assert admin.post(f"{url}/delete", {}).status_code == 404


def test_the_corpus_is_answered_in_the_editor_as_everywhere_else(
    admin: Browser, database: Database, shared: Path
) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text())
    for number, case in enumerate(c for c in manifest["files"] if c["kind"] == "rubric_yaml"):
        content = (shared / "corpus" / case["path"]).read_bytes()
        wanted = case["expect"]
        checked = admin.post("/rubrics/validate", {"file": (io.BytesIO(content), "r.yaml")}).json
        if wanted["http"] == 201:
            assert checked["valid"], case["path"]
            assert "<img" not in checked["form"]
            continue
        assert checked["faults"][0]["code"] == wanted["error_code"], case["path"]
        begun = admin.post("/rubrics/new", {"file": (io.BytesIO(content), f"{number}.yaml")})
        if begun.status_code != 303:  # no text at all: refused at once
            assert begun.status_code in (413, 422), case["path"]
            continue
        page = admin.post(f"{begun.location}/publish", {"revision": 1})
        assert page.status_code == wanted["http"], case["path"]
        assert text_in(page.text).strip() == content.decode("utf-8-sig").replace("\r\n", "\n").strip()
        place = checked["faults"][0]
        assert f">{place['line']}:{place['column']}</span>" in page.text
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(RubricVersion)) == 0
