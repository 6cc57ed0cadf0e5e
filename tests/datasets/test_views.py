"""The list of datasets and the first step of an import; what follows is in `test_wizard.py`."""

from __future__ import annotations

import io
import json

import pytest
from flask.testing import FlaskClient

from evalhub.accounts.models import InstanceRole
from tests.datasets.conftest import People

GOOD = json.dumps({"id": "i1", "prompt": "Q", "response": "A", "model": "m-1"}).encode() + b"\n"


def test_an_empty_list_says_what_to_do(browser: FlaskClient) -> None:
    page = browser.get("/datasets")
    assert page.status_code == 200
    assert "No dataset yet" in page.text


def test_a_new_dataset_begins_with_its_first_file(browser: FlaskClient) -> None:
    answer = browser.post("/datasets", data={"name": "answers"})
    assert (answer.status_code, answer.location) == (303, "/datasets/answers/import")
    assert browser.get(answer.location).status_code == 200
    assert browser.post("/datasets", data={"name": "No Slug"}).status_code == 422


def test_a_form_without_a_file_is_shown_again_as_it_was_filled_in(browser: FlaskClient) -> None:
    answer = browser.post("/datasets/answers/import", data={"format": "csv", "skip_failed": "y"})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text
    assert '<option selected value="csv">' in answer.text
    assert "checked" in answer.text


@pytest.mark.parametrize(
    "path", ["/datasets", "/datasets/answers", "/datasets/answers/import", "/datasets/answers/undo/1"]
)
def test_pages_are_for_admins(people: People, path: str) -> None:
    assert people.browser("member", InstanceRole.MEMBER).get(path).status_code == 403


@pytest.mark.parametrize(
    "path", ["/datasets/none", "/datasets/No%20Slug/import", "/datasets/none/imports/00", "/datasets/none/undo/1"]
)
def test_what_is_not_there_is_404(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_an_upload_of_one_dataset_does_not_exist_in_another(browser: FlaskClient) -> None:
    sent = browser.post("/datasets/answers/import", data={"file": (io.BytesIO(GOOD), "a.jsonl")})
    assert browser.get(sent.location).status_code == 200
    assert browser.get(sent.location.replace("answers", "others")).status_code == 404
