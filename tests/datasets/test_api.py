from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evalhub.accounts.models import InstanceRole
from evalhub.datasets.models import Dataset, Item, ItemImport
from evalhub.db import Database
from tests.datasets.conftest import People

URL = "/api/v1/datasets/answers/items"


def lines(n: int, **more: Any) -> bytes:
    return b"".join(
        json.dumps({"id": f"i{k}", "prompt": "Q", "response": f"A{k}", **more}).encode() + b"\n" for k in range(n)
    )


def stored(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(m)) or 0 for m in (Dataset, ItemImport, Item)]


def test_items_are_added_once(program: FlaskClient) -> None:
    first, again = program.post(URL, data=lines(3)), program.post(URL, data=lines(3))
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.json["added"], first.json["unchanged"]) == (3, 0)
    assert (again.json["added"], again.json["unchanged"]) == (0, 3)
    assert len(first.json["sha256"]) == 64


def test_other_content_is_refused_by_line(program: FlaskClient) -> None:
    program.post(URL, data=lines(3))
    answer = program.post(URL, data=lines(2, model="m"))
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "content_changed"
    assert [detail["line"] for detail in answer.json["error"]["details"]] == [1, 2]


def test_a_check_stores_nothing(program: FlaskClient, database: Database) -> None:
    answer = program.post(f"{URL}?check=true", data=lines(2))
    assert (answer.status_code, answer.json["added"]) == (200, 2)
    assert stored(database) == [0, 0, 0]


def test_records_of_another_shape_are_mapped(program: FlaskClient) -> None:
    body = json.dumps({"uuid": 7, "q": "Why?", "output": {"text": "So."}}).encode()
    answer = program.post(f"{URL}?map=id=uuid,prompt=q,response=output.text&source=run-7.jsonl", data=body)
    assert answer.status_code == 201
    assert program.get(URL).json["items"][0]["response"] == "So."


def test_csv_is_taken_as_csv(program: FlaskClient) -> None:
    assert program.post(URL, data=b"id,prompt,response\na,b,c\n", content_type="text/csv").status_code == 201


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 422, "empty"),
        (gzip.compress(b"{}", mtime=0), {}, 415, "unsupported_media"),
        (b"{}", {"Content-Encoding": "gzip"}, 415, "unsupported_media"),
        (b"PK\x03\x04....", {"Content-Type": "application/zip"}, 415, "unsupported_media"),
        (b"{}", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "unsupported_media"),
    ],
)
def test_bodies_that_are_no_lines_are_refused(
    program: FlaskClient, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = program.post(URL, data=body, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert program.get(URL).status_code == 404


def test_a_bad_name_or_parameter_is_refused(program: FlaskClient, database: Database) -> None:
    assert program.post("/api/v1/datasets/Not-A-Slug/items", data=lines(1)).status_code == 422
    assert program.post(f"{URL}?dry_run=1", data=lines(1)).status_code == 422
    assert program.post(f"{URL}?map=colour=x", data=lines(1)).status_code == 422
    assert stored(database) == [0, 0, 0]


def test_a_body_over_the_limit_of_forms_is_taken(program: FlaskClient) -> None:
    assert program.post(URL, data=lines(3, context="x" * 1_000_000)).status_code == 201


def test_items_are_listed_page_by_page(program: FlaskClient) -> None:
    program.post("/api/v1/datasets/noise/items", data=lines(9))
    program.post(URL, data=lines(5))
    first = program.get(f"{URL}?limit=3").json
    second = program.get(f"{URL}?limit=3&after={first['next']}").json
    assert [item["id"] for item in first["items"] + second["items"]] == [f"i{k}" for k in range(5)]
    assert second["next"] is None
    assert [d["items"] for d in program.get("/api/v1/datasets").json["datasets"]] == [5, 9]


def test_what_is_not_there_is_404(program: FlaskClient) -> None:
    program.post(URL, data=lines(1))
    assert program.get("/api/v1/datasets/none/items").status_code == 404
    assert program.get(f"{URL}?after=none").status_code == 404
    assert program.get(f"{URL}?limit=0").status_code == 422


def test_only_admins_reach_datasets(people: People, database: Database) -> None:
    member = people.program("member", InstanceRole.MEMBER)
    assert member.post(URL, data=lines(1)).status_code == 403
    assert member.get(URL).status_code == 403
    assert member.get("/api/v1/datasets").status_code == 403
    assert people.app.test_client().post(URL, data=lines(1)).status_code == 401
    assert stored(database) == [0, 0, 0]
