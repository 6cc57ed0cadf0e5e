"""Preferences in a bundle: one line a reviewer and pair, and a verifier that notices what contradicts itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evalhub.db import Database
from evalhub.errors import CheckFailed
from evalhub.export.schema.lines import Difference, check_preferences
from evalhub.export.schema.verify import verify_bundle
from tests.export.test_bundle import exported
from tests.reports.test_preferences import preferred
from tests.review.test_pairs import a_world, claimed
from tests.review.test_queue import GOOD
from tests.world import World

FILE = "data/preferences.jsonl"


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


def compared(database: Database) -> World:
    world = a_world(database, n_pairs=3, overlap=2)
    preferred(world, "ann", "beta")
    preferred(world, "ben", "alpha", strength=2)
    return world


def test_each_preference_is_a_line_of_scalars_that_names_both_items(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    exported(compared(database), folder)
    lines = lines_of(folder)
    assert [line["pair"] for line in lines] == ["p0", "p0", "p1", "p1", "p2", "p2"]
    assert {line["strength"] for line in lines} == {1, 2}
    for line in lines:
        assert {line["item_left"], line["item_right"]} == {f"i:q{line['pair'][1]}:{m}" for m in ("alpha", "beta")}
        assert line["preferred_item"] == line[f"item_{line['preferred']}"]
        assert line["preferred_item"].endswith({1: "beta", 2: "alpha"}[line["strength"]])
        assert re.fullmatch("r:[0-9a-f]{64}", line["reviewer"])
        assert all(isinstance(value, str | int | bool) for value in line.values())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["counts"]["preferences"] == 6
    assert "data_files: data/preferences.jsonl" in (folder / "README.md").read_text()
    verify_bundle(folder)


def test_without_preferences_there_is_neither_file_nor_count(sqlite_database: Database, tmp_path: Path) -> None:
    world = a_world(sqlite_database)
    world.submit("ann", claimed(world, "ann"), GOOD)
    exported(world, tmp_path / "bundle")
    assert not (tmp_path / "bundle" / FILE).exists()
    assert "preferences" not in json.loads((tmp_path / "bundle/manifest.json").read_text())["counts"]
    verify_bundle(tmp_path / "bundle")


def test_a_preference_goes_with_its_items_and_its_words_with_the_text(
    sqlite_database: Database, tmp_path: Path
) -> None:
    world = compared(sqlite_database)
    exported(world, tmp_path / "one", model=["alpha"])
    assert not (tmp_path / "one" / FILE).exists()
    exported(world, tmp_path / "bare", without_text=True)
    assert {line["reason"] for line in lines_of(tmp_path / "bare")} == {""}


def test_a_changed_preference_fails_the_verification(sqlite_database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    exported(compared(sqlite_database), folder)
    path = folder / FILE
    path.write_text(path.read_text().replace('"strength":1', '"strength":2', 1))
    with pytest.raises(CheckFailed, match="preferences"):
        verify_bundle(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"item_left": "i:stranger"},
        {"preferred": "neither"},
        {"preferred_item": ""},
        {"strength": 0},
        {"preferred": "?"},
    ],
)
def test_a_line_that_contradicts_itself_or_the_items_is_named(
    sqlite_database: Database, tmp_path: Path, change: dict[str, Any]
) -> None:
    folder = tmp_path / "bundle"
    exported(compared(sqlite_database), folder)
    first, *others = lines_of(folder)
    (folder / FILE).write_text("".join(json.dumps(line) + "\n" for line in [first | change, *others]))
    with pytest.raises(Difference, match="line 1 "):
        check_preferences(folder, FILE, ["data/items.jsonl"])
