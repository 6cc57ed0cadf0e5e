"""The bundle is read by the libraries that people use, with the right values and without a word of explanation."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from evalhub.db import Database
from tests.export.test_bundle import exported, rated


@pytest.fixture
def bundle(sqlite_database: Database, tmp_path: Path) -> Path:
    exported(rated(sqlite_database), tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def items(bundle: Path) -> list[dict[str, Any]]:
    return lines(bundle / "data/items.jsonl")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def test_datasets_loads_the_folder_and_the_items_are_the_default(
    bundle: Path, items: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(bundle), cache_dir=str(tmp_path / "cache"))["train"]
    assert loaded.to_list() == items
    for name in ("ratings", "reviews", "unscored", "model_ratings"):
        part = datasets.load_dataset(str(bundle), name, cache_dir=str(tmp_path / "cache"))["train"]
        assert part.to_list() == lines(bundle / f"data/{name}.jsonl")


def test_polars_loads_every_file(bundle: Path) -> None:
    polars = pytest.importorskip("polars")
    for path in sorted((bundle / "data").iterdir()):
        assert polars.read_ndjson(path).to_dicts() == lines(path)


def test_duckdb_loads_every_file(bundle: Path, items: list[dict[str, Any]]) -> None:
    duckdb = pytest.importorskip("duckdb")
    for path in sorted((bundle / "data").iterdir()):
        rows = duckdb.sql(f"SELECT to_json(line)::VARCHAR FROM '{path}' AS line").fetchall()
        assert [with_moments(json.loads(row)) for (row,) in rows] == [with_moments(line) for line in lines(path)]
    scores = duckdb.sql(f"SELECT item_id, criteria[1].counts FROM '{bundle / 'data/items.jsonl'}'").fetchall()
    assert scores == [(item["item_id"], item["criteria"][0]["counts"]) for item in items]


def with_moments(value: Any, key: str = "") -> Any:
    """The same with times as times, which duckdb takes them for."""
    if isinstance(value, dict):
        return {name: with_moments(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [with_moments(each) for each in value]
    return datetime.fromisoformat(value) if key.endswith("_at") and value else value


def without_noise(value: Any) -> Any:
    """To twelve digits; pandas reads 0.3 as 0.30000000000000004 unless it is asked for `precise_float`."""
    if isinstance(value, dict):
        return {name: without_noise(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_noise(each) for each in value]
    return round(value, 12) if isinstance(value, float) else value


def test_pandas_loads_every_file_without_guessing_types(bundle: Path) -> None:
    pandas = pytest.importorskip("pandas")
    for path in sorted((bundle / "data").iterdir()):
        found = pandas.read_json(path, lines=True, dtype=False, precise_float=True).to_dict("records")
        assert found == lines(path)
        for line, given in zip(pandas.read_json(path, lines=True, dtype=False).to_dict("records"), found, strict=True):
            assert without_noise(line) == without_noise(given)
