from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.db import Database
from evalhub.review.models import Rating
from tests.cli.conftest import Evalhub
from tests.world import World, a_project


@pytest.fixture
def world(database: Database) -> World:
    return a_project(database)


def write_ratings(path: Path, *changes: dict[str, Any]) -> Path:
    good = {"item_id": "source-id-0", "reviewer": "r1", "criterion": "accuracy", "level": "adequate"}
    path.write_text("".join(json.dumps(good | change) + "\n" for change in changes))
    return path


def n_ratings(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Rating)) or 0


def test_ratings_are_imported_once(evalhub: Evalhub, world: World, tmp_path: Path) -> None:
    path = write_ratings(tmp_path / "past.jsonl", {}, {"reviewer": "r2"})
    first = evalhub("ratings", "import", str(path), "--project", "p")
    assert first.exit_code == 0
    assert first.stdout == "2 ratings of 1 items by 2 reviewers added to p, 0 were there already.\n"
    again = json.loads(evalhub("ratings", "import", str(path), "--project", "p", "--json").stdout)
    assert (again["added"], again["unchanged"]) == (0, 2)
    assert n_ratings(world.database) == 2


def test_every_bad_line_is_named_and_nothing_is_stored(evalhub: Evalhub, world: World, tmp_path: Path) -> None:
    path = write_ratings(tmp_path / "past.jsonl", {}, {"item_id": "none"}, {"level": "splendid"})
    done = evalhub("ratings", "import", str(path), "--project", "p")
    assert done.exit_code == 2
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [f"{path}:2", f"{path}:3"]
    assert n_ratings(world.database) == 0


def test_a_check_stores_nothing(evalhub: Evalhub, world: World, tmp_path: Path) -> None:
    done = evalhub("ratings", "import", str(write_ratings(tmp_path / "f.jsonl", {})), "--project", "p", "--check")
    assert (done.exit_code, done.stdout) == (0, "f.jsonl is good: 1 ratings of 1 items.\n")
    assert n_ratings(world.database) == 0


@pytest.mark.parametrize(
    ("text", "status"), [('{"r1": "ann"}', 0), ('{"r1": "nobody"}', 2), ('["r1"]', 2), ('{"r1": 1}', 2), ("no", 2)]
)
def test_a_reviewer_map_names_members(evalhub: Evalhub, world: World, tmp_path: Path, text: str, status: int) -> None:
    names = tmp_path / "map.json"
    names.write_text(text)
    path = write_ratings(tmp_path / "past.jsonl", {})
    done = evalhub("ratings", "import", str(path), "--project", "p", "--reviewer-map", str(names))
    assert done.exit_code == status
    assert n_ratings(world.database) == (1 if status == 0 else 0)


def test_an_unknown_project_exits_2(evalhub: Evalhub, tmp_path: Path) -> None:
    assert (
        evalhub("ratings", "import", str(write_ratings(tmp_path / "f.jsonl", {})), "--project", "none").exit_code == 2
    )
