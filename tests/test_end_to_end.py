"""From a YAML rubric to a verified bundle on real data, by the commands that the documents name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalhub.cli import cli
from evalhub.db import Database
from tests.servers import START

pytestmark = pytest.mark.slow

TOLERANCE = 1e-9


@dataclass
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


class CommandLine:
    """`evalhub …` on one instance; `start` runs a process of its own, `run` the same command without the start."""

    def __init__(self, folder: Path, database: Database) -> None:
        url = database.url.render_as_string(hide_password=False)
        self.environment = {**os.environ, "EVALHUB_INSTANCE": str(folder / "instance"), "EVALHUB_DATABASE_URL": url}

    def start(self, *arguments: object, status: int = 0) -> Done:
        words = [sys.executable, "-c", START, *map(str, arguments)]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.stdout, done.stderr)

    def run(self, *arguments: object, status: int = 0) -> Done:
        done = CliRunner().invoke(cli, [str(word) for word in arguments], env=self.environment)
        assert done.exit_code == status, f"{arguments}: exit {done.exit_code}\n{done.output}\n{done.exception!r}"
        return Done(done.stdout, done.stderr)

    def json(self, *arguments: object) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)


@pytest.fixture
def evalhub(database: Database, tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path, database)
    # The database is migrated already; `init` makes the folder, the key and the first admin beside it.
    line.start("init")
    return line


def load(evalhub: CommandLine, folder: Path, project: str, *, overlap: int = 3) -> dict[str, Any]:
    """Rubric, items, project, past ratings; returns the calibration report."""
    evalhub.run("rubric", "add", folder / "rubric.yaml")
    evalhub.run("dataset", "import", folder / "items.jsonl", "--dataset", project)
    name = next(line for line in (folder / "rubric.yaml").read_text().splitlines() if line.startswith("name:"))
    rubric = name.removeprefix("name:").strip()
    evalhub.run("project", "create", project, "--dataset", project, "--rubric", rubric, "--overlap", overlap)
    evalhub.run("ratings", "import", folder / "ratings.jsonl", "--project", project)
    report: dict[str, Any] = evalhub.json("calibrate", project)
    return report


def assert_as_expected(report: dict[str, Any], folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())["criteria"]
    found = {criterion["criterion"]: criterion for criterion in report["criteria"]}
    assert set(found) == set(expected) - {"(pooled)"}
    for key, criterion in found.items():
        assert criterion["alpha"]["value"] == pytest.approx(expected[key]["alpha_ordinal"], abs=TOLERANCE)
        assert criterion["alpha_nominal"]["value"] == pytest.approx(expected[key]["alpha_nominal"], abs=TOLERANCE)


def files_of(bundle: Path) -> Iterator[Path]:
    yield from sorted(path for path in bundle.rglob("*") if path.is_file())


def test_mqm_small_from_rubric_to_verified_bundle(evalhub: CommandLine, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/mqm_small"
    report = load(evalhub, folder, "mqm")
    assert_as_expected(report, folder)
    assert report["flags"]["by_flag"]["span"] == 44
    assert report["flags"]["n_item_criteria"] == 44
    assert report["flags"]["n_cases"] == 36
    assert evalhub.json("project", "status", "mqm")["open_cases"] == 36

    bundle = tmp_path / "bundle"
    evalhub.start("export", "mqm", "-o", bundle)
    evalhub.start("verify", bundle)
    for path in files_of(bundle):
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        if path.name == "receipt.json":
            path.write_bytes(content)
            continue
        refused = evalhub.run("verify", bundle, status=1)
        assert path.name in refused.stderr + refused.stdout, path
        path.write_bytes(content)
    evalhub.run("verify", bundle)
    (bundle / "data/added.txt").write_text("unlisted")
    assert "added.txt" in evalhub.run("verify", bundle, status=1).stderr
    shutil.rmtree(bundle)
    evalhub.run("audit", "verify")
    evalhub.run("doctor")


@pytest.mark.parametrize("name", ["ttcw", "recipes", "wmt23_mqm_ende"])
def test_the_same_commands_work_on_other_real_data(
    evalhub: CommandLine, shared: Path, tmp_path: Path, name: str
) -> None:
    folder = shared / "data" / name
    project = name.replace("_", "-")
    assert_as_expected(load(evalhub, folder, project), folder)
    evalhub.run("export", project, "-o", tmp_path / "bundle")
    evalhub.run("verify", tmp_path / "bundle")
    evalhub.run("doctor")


def test_bad_input_is_named_and_nothing_is_stored(evalhub: CommandLine, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"id": "a", "prompt": "?", "response": "!"}\nnot json\n{"id": "b"}\n')
    refused = evalhub.run("dataset", "import", items, "--dataset", "d", status=2)
    assert f"{items.name}:2" in refused.stderr
    assert f"{items.name}:3" in refused.stderr
    assert evalhub.json("dataset", "list") in ([], {"datasets": []})
    rubric = tmp_path / "rubric.yaml"
    rubric.write_text("name: x\nversion: 1\nlevels: [bad, good]\ncriteria:\n- id: a\n  title: A\n  weight: -1\n")
    assert "rubric.yaml:7:" in evalhub.run("rubric", "add", rubric, status=2).stderr
    evalhub.run("project", "create", "p", "--dataset", "none", "--rubric", "none", status=2)
    evalhub.run("ratings", "import", items, "--project", "none", status=2)
    evalhub.run("export", "none", "-o", tmp_path / "x", status=2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_instance_that_does_not_fit_is_refused_with_exit_3(evalhub: CommandLine, tmp_path: Path) -> None:
    key = Path(evalhub.environment["EVALHUB_INSTANCE"]) / "secret_key"
    good = key.read_text()
    key.write_text("changeme")
    assert "secret_key" in evalhub.start("project", "status", "p", status=3).stderr
    key.write_text(good)
    evalhub.start("db", "downgrade", "base", "--yes")
    assert "evalhub db upgrade" in evalhub.start("serve", "--port", "1", status=3).stderr
    evalhub.environment["EVALHUB_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/none"
    evalhub.start("project", "status", "p", status=3)
    evalhub.environment["EVALHUB_INSTANCE"] = str(tmp_path / "nowhere")
    assert "evalhub init" in evalhub.start("project", "status", "p", status=3).stderr
