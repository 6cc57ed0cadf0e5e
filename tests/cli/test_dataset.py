from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.datasets.models import Item
from evalhub.db import Database
from tests.cli.conftest import Evalhub


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    return write_items(tmp_path / "items.jsonl", *({"id": f"i{n}", "prompt": "Q", "response": "A"} for n in range(3)))


def write_items(path: Path, *items: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


def test_import_list_and_show(evalhub: Evalhub, a_file: Path) -> None:
    done = evalhub("dataset", "import", str(a_file), "--dataset", "answers")
    assert (done.exit_code, done.stdout) == (0, "3 items added to answers, 0 were there already.\n")
    again = evalhub("dataset", "import", str(a_file), "--dataset", "answers", "--json")
    assert json.loads(again.stdout)["unchanged"] == 3
    assert json.loads(evalhub("dataset", "list", "--json").stdout) == [{"name": "answers", "items": 3, "imports": 1}]
    shown = json.loads(evalhub("dataset", "show", "answers", "--json").stdout)
    assert (shown["items"], shown["imports"][0]["source"]) == (3, "items.jsonl")
    assert "answers: 3 items" in evalhub("dataset", "show", "answers").stdout
    assert "answers" in evalhub("dataset", "list").stdout


def test_every_bad_line_is_named_with_its_file(evalhub: Evalhub, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(
        b'{"id": "a", "prompt": "Q", "response": "A"}\nno\n{"id": "\\u001b[2J", "prompt": "Q", "response": "A"}\n'
    )
    done = evalhub("dataset", "import", str(path), "--dataset", "answers")
    assert done.exit_code == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{path}:2:1: ")
    assert second.startswith(f"{path}:3: id: ")
    assert "\x1b" not in done.stderr
    assert evalhub("dataset", "show", "answers").exit_code == 2


def test_a_check_stores_nothing(evalhub: Evalhub, a_file: Path) -> None:
    done = evalhub("dataset", "import", str(a_file), "--dataset", "answers", "--check")
    assert (done.exit_code, done.stdout) == (0, "items.jsonl is good: 3 items new to answers, 0 there already.\n")
    assert "There is no dataset yet" in evalhub("dataset", "list").stdout


def test_fields_are_mapped(evalhub: Evalhub, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("uuid,question,output.text\n7,Why?,So.\n")
    maps = ("--map", "id=uuid", "--map", "prompt=question", "--map", "response=output.text")
    assert evalhub("dataset", "import", str(path), "--dataset", "answers", *maps).exit_code == 0
    wrong = evalhub("dataset", "import", str(path), "--dataset", "answers", "--map", "colour=x")
    assert (wrong.exit_code, "colour" in wrong.stderr) == (2, True)


def test_warnings_name_lines_and_do_not_stop(evalhub: Evalhub, tmp_path: Path) -> None:
    path = write_items(tmp_path / "f.jsonl", {"id": "a", "prompt": "Q", "response": "As GPT-4o made by OpenAI, no."})
    done = evalhub("dataset", "import", str(path), "--dataset", "answers")
    assert done.exit_code == 0
    assert f"warning: {path}:1: response: " in done.stderr


@pytest.mark.parametrize("arguments", [["--dataset", "d"], ["none.jsonl", "--dataset", "d"], ["."]])
def test_wrong_use_exits_2(evalhub: Evalhub, arguments: list[str]) -> None:
    assert evalhub("dataset", "import", *arguments).exit_code == 2


def test_an_unknown_dataset_exits_2(evalhub: Evalhub) -> None:
    assert evalhub("dataset", "show", "none").exit_code == 2


def test_the_corpus_fares_as_the_manifest_says(shared: Path, evalhub: Evalhub, database: Database) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text("utf-8"))
    for case in manifest["files"]:
        if case["kind"] not in ("items_jsonl", "hostile_output_jsonl"):
            continue
        with database.writer.begin() as connection:
            for table in ("item", "item_import", "dataset", "audit_event"):
                connection.execute(sa.delete(sa.table(table)))
        done = evalhub("dataset", "import", str(shared / "corpus" / case["path"]), "--dataset", "corpus")
        expected = case["expect"]
        is_good = expected["outcome"] != "reject"
        assert done.exit_code == (0 if is_good else 2), (case["path"], done.stderr)
        assert "Traceback" not in done.stderr
        with database.reading() as session:
            n_items = session.scalar(sa.select(sa.func.count()).select_from(Item))
        assert n_items == (expected["rows"] if is_good else 0), case["path"]
        for line in expected.get("bad_lines", ()):
            assert f"{Path(case['path']).name}:{line}:" in done.stderr, case["path"]
