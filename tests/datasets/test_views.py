from __future__ import annotations

import io
import json

import pytest
from flask.testing import FlaskClient

from evalhub.accounts.models import InstanceRole
from tests.datasets.conftest import People

GOOD = json.dumps({"id": "i1", "prompt": "Q", "response": "A", "model": "m-1"}).encode() + b"\n"


def upload(browser: FlaskClient, body: bytes, name: str = "file.jsonl", **more: str):  # type: ignore[no-untyped-def]
    return browser.post("/datasets/answers/import", data={"file": (io.BytesIO(body), name), **more})


def test_an_empty_list_says_what_to_do(browser: FlaskClient) -> None:
    page = browser.get("/datasets")
    assert page.status_code == 200
    assert "No dataset yet" in page.text


def test_a_new_dataset_begins_with_its_first_file(browser: FlaskClient) -> None:
    answer = browser.post("/datasets", data={"name": "answers"})
    assert (answer.status_code, answer.location) == (303, "/datasets/answers/import")
    assert browser.get(answer.location).status_code == 200
    assert browser.post("/datasets", data={"name": "No Slug"}).status_code == 422


def test_a_file_is_imported_and_shown(browser: FlaskClient) -> None:
    answer = upload(browser, GOOD, "C:\\runs\\<b>run.jsonl")
    assert (answer.status_code, answer.location) == (303, "/datasets/answers")
    page = browser.get("/datasets/answers").text
    assert "1 items" in page
    assert "&lt;b&gt;run.jsonl" in page
    assert "C:\\runs" not in page
    assert "/datasets/answers" in browser.get("/datasets").text


def test_bad_lines_are_listed_and_nothing_is_stored(browser: FlaskClient) -> None:
    answer = upload(browser, GOOD + b"nonsense\n<script>\n")
    assert answer.status_code == 422
    assert "line 2" in answer.text
    assert "<script>\n" not in answer.text
    assert browser.get("/datasets/answers").status_code == 404


def test_many_bad_lines_are_counted(browser: FlaskClient) -> None:
    assert "… and 50 more" in upload(browser, b"no\n" * 150).text


def test_a_check_says_what_would_happen(browser: FlaskClient) -> None:
    answer = upload(browser, GOOD, check_only="y")
    assert answer.status_code == 200
    assert "It would add 1 items" in answer.text
    assert browser.get("/datasets/answers").status_code == 404


def test_fields_can_be_mapped(browser: FlaskClient) -> None:
    body = b"uuid,q,a\n1,Why?,So.\n"
    assert upload(browser, body, "run.csv", field_map="id=uuid\r\nprompt=q\r\nresponse=a\r\n").status_code == 303
    assert upload(browser, body, "run.csv", field_map="colour=x").status_code == 422


def test_a_form_without_a_file_is_shown_again(browser: FlaskClient) -> None:
    answer = browser.post("/datasets/answers/import", data={})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


@pytest.mark.parametrize("path", ["/datasets", "/datasets/answers", "/datasets/answers/import"])
def test_pages_are_for_admins(people: People, path: str) -> None:
    assert people.browser("member", InstanceRole.MEMBER).get(path).status_code == 403


@pytest.mark.parametrize("path", ["/datasets/none", "/datasets/No%20Slug/import"])
def test_what_is_not_there_is_404(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "meant"), [("answer", "response=answer"), ("Question", "prompt=Question"), ("uuid", "id=uuid")]
)
def test_a_field_by_another_name_is_told_with_the_mapping_that_reads_it(
    browser: FlaskClient, name: str, meant: str
) -> None:
    field = meant.partition("=")[0]
    record = {"id": "i1", "prompt": "Q", "response": "A", "model": "m-1"}
    record[name] = record.pop(field)
    file = json.dumps(record).encode() + b"\n"
    refused = upload(browser, file)
    assert refused.status_code == 422
    assert f"did you mean &#34;{field}&#34;?" in refused.text
    assert meant in refused.text
    assert "--map" not in refused.text
    assert upload(browser, file, field_map=meant).status_code == 303


def test_a_field_beside_the_one_it_might_mean_is_not_taken_for_it(browser: FlaskClient) -> None:
    refused = upload(browser, json.dumps({"id": "i1", "prompt": "Q", "response": "A", "answer": "B"}).encode())
    assert "did you mean" not in refused.text
    assert "field mapping" in refused.text


def test_a_wrong_mapping_is_named_as_the_page_names_it(browser: FlaskClient) -> None:
    refused = upload(browser, GOOD, field_map="colour=x")
    assert "<code>field mapping</code>" in refused.text
    assert "--map" not in refused.text
