"""The shared corpus of good, bad and hostile files, each on an empty instance, by the reader, the API and the CLI."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evalhub.datasets import queries
from evalhub.datasets.models import Dataset, Item, ItemImport
from evalhub.datasets.service import check_items
from evalhub.db import Database
from evalhub.errors import BadInput

KINDS = ("items_jsonl", "hostile_output_jsonl")


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[tuple[str, bytes, dict[str, Any]]]:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text("utf-8"))
    return [
        (case["path"], (shared / "corpus" / case["path"]).read_bytes(), case["expect"])
        for case in manifest["files"]
        if case["kind"] in KINDS
    ]


def stored(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(m)) or 0 for m in (Dataset, ItemImport, Item)]


def empty(database: Database) -> None:
    with database.writer.begin() as connection:
        for table in ("item", "item_import", "dataset", "audit_event"):
            connection.execute(sa.delete(sa.table(table)))


def assert_items_equal(database: Database, body: bytes) -> None:
    """Every value came back as it was sent, texts code point for code point."""
    with database.reading() as session:
        items = queries.items_of(session, queries.dataset_named(session, "corpus").id)
    sent = [json.loads(line) for line in body.decode("utf-8-sig").split("\n") if line.strip()]
    assert [(i.external_id, i.prompt, i.response, i.model) for i in items] == [
        (s["id"], s["prompt"], s["response"], s["model"]) for s in sent
    ]


def test_each_file_fares_as_the_manifest_says_by_the_api(
    cases: list[tuple[str, bytes, dict[str, Any]]], program: FlaskClient, database: Database
) -> None:
    for path, body, expected in cases:
        empty(database)
        began = time.process_time()
        answer = program.post("/api/v1/datasets/corpus/items", data=body)
        assert time.process_time() - began < expected["max_s"], path
        assert answer.status_code == expected["http"], (path, answer.json)
        if expected["outcome"] == "reject":
            error = answer.json["error"]
            found = sorted({detail["line"] for detail in error["details"]})
            assert error["code"] == expected["error_code"], path
            assert found == expected.get("bad_lines", found), path
            assert stored(database) == [0, 0, 0], path
        else:
            assert answer.json["added"] == expected["rows"], path
            flags = [expected["flag"]] if "flag" in expected else []
            assert [warning["code"] for warning in answer.json["warnings"]] == flags, path
            assert_items_equal(database, body)


def test_bad_files_are_refused_within_half_a_second_before_any_database(
    cases: list[tuple[str, bytes, dict[str, Any]]], sqlite_database: Database
) -> None:
    for path, body, expected in cases:
        if expected["outcome"] != "reject":
            continue
        began = time.process_time()
        with pytest.raises(BadInput) as caught:
            check_items(sqlite_database.reading, io.BytesIO(body), dataset_name="corpus", source_name=path)
        assert time.process_time() - began < 0.5, path
        assert caught.value.code == expected["error_code"], path
