from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalhub.db import Database
from tests.adjudication.worlds import differing
from tests.cli.conftest import Evalhub


@pytest.fixture(autouse=True)
def _world(database: Database) -> None:
    differing(database, {"accuracy": "unacceptable"}, {}, items=2)


def test_a_bundle_is_written_and_verified(evalhub: Evalhub, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    made = json.loads(evalhub("export", "p", "-o", out, "--json").stdout)
    assert made["items"] == 2
    assert json.loads(evalhub("verify", out, "--expect", made["sha256"], "--json").stdout)["ok"]
    assert evalhub("verify", out, "--expect", "0" * 64).exit_code == 1
    assert evalhub("export", "p", "-o", out).exit_code == 2


def test_a_changed_byte_exits_1_and_names_the_file(evalhub: Evalhub, tmp_path: Path) -> None:
    evalhub("export", "p", "-o", str(tmp_path / "out"))
    path = tmp_path / "out/data/ratings.jsonl"
    path.write_bytes(path.read_bytes().replace(b"excellent", b"eXcellent", 1))
    done = evalhub("verify", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "data/ratings.jsonl: " in done.stderr


def test_lines_go_to_standard_output_or_to_a_file(evalhub: Evalhub, tmp_path: Path) -> None:
    lines = evalhub("export", "p", "--format", "jsonl").stdout_bytes
    assert [json.loads(line)["state"] for line in lines.splitlines()] == ["adjudication_pending", "final"]
    assert evalhub("export", "p", "--format", "jsonl", "-o", str(tmp_path / "items.jsonl")).exit_code == 0
    assert (tmp_path / "items.jsonl").read_bytes() == lines


NOT_TO_BE_DONE = [
    ("none", "-o", "x"),
    ("p",),
    ("p", "-o", "x", "--criterion", "none"),
    ("p", "-o", "x", "--state", "y"),
]


@pytest.mark.parametrize("arguments", NOT_TO_BE_DONE)
def test_what_cannot_be_exported_exits_2(evalhub: Evalhub, arguments: tuple[str, ...]) -> None:
    assert evalhub("export", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("out", "more", "status", "said"),
    [
        ("/proc/none", (), 3, "No such file or directory"),
        ("x", ("--model", ""), 2, "model.0: String should have at least 1 character"),
        ("x", ("--criterion", "\udcff"), 2, ""),
    ],
)
def test_what_goes_wrong_outside_is_said_in_a_line(
    evalhub: Evalhub, out: str, more: tuple[str, ...], status: int, said: str
) -> None:
    done = evalhub("export", "p", "-o", out, *more)
    assert done.exit_code == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_argument_that_is_not_utf_8_exits_2(evalhub: Evalhub) -> None:
    done = evalhub("token", "add", "\udcff")
    assert (done.exit_code, done.stderr) == (2, "evalhub: an argument holds bytes that are not UTF-8\n")
