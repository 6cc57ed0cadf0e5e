"""`evalhub rubric`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalhub.cli import cli
from evalhub.rubrics.schema import json_schema

RUBRIC = """\
name: answers
version: 1
title: Answers
levels: [unacceptable, adequate, excellent]
criteria:
  - id: accuracy
    title: Accuracy
    description: "Is it right?"
    levels: {adequate: "Small slips."}
"""


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    folder = tmp_path / "instance"
    assert evalhub("init", "--instance", str(folder)).exit_code == 0
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "answers.yaml"
    path.write_text(RUBRIC)
    return path


def evalhub(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_check_needs_no_instance_and_names_the_rubric(file: Path) -> None:
    result = evalhub("rubric", "check", str(file))
    assert result.exit_code == 0
    assert result.output == f"{file}: answers version 1, 1 criterion: ok\n"


def test_check_lists_every_fault_of_every_file_and_exits_2(file: Path, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(RUBRIC.replace("version: 1", "version: 0").replace("adequate: ", "good: "))
    result = evalhub("rubric", "check", str(faulty), str(file))
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{faulty}:2:10: version: 0 is below 1; give a larger number",
        f'{faulty}:9:14: criteria[0].levels.good: there is no level "good"; '
        "the default levels are unacceptable, adequate, excellent",
    ]
    assert result.stdout == f"{file}: answers version 1, 1 criterion: ok\n"


def test_check_prints_json(file: Path) -> None:
    found = json.loads(evalhub("rubric", "check", "--json", str(file)).stdout)
    assert (found[0]["valid"], found[0]["criteria"]) == (True, ["accuracy"])


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    assert evalhub("rubric", "check", str(tmp_path / "none.yaml")).exit_code == 2


def test_schema_prints_the_json_schema() -> None:
    assert json.loads(evalhub("rubric", "schema").stdout) == json_schema()


def test_add_publishes_once_and_refuses_another_content(instance: Path, file: Path) -> None:
    first = evalhub("--instance", str(instance), "rubric", "add", str(file))
    assert (first.exit_code, first.output) == (0, "answers@1 published\n")
    again = evalhub("--instance", str(instance), "rubric", "add", str(file))
    assert (again.exit_code, again.output) == (0, "answers@1 was there before, with the same content\n")
    file.write_text(RUBRIC.replace("Small slips", "Slips"))
    other = evalhub("--instance", str(instance), "rubric", "add", str(file))
    assert other.exit_code == 2
    assert "give this one a new number" in other.stderr


def test_a_faulty_file_is_not_added(instance: Path, file: Path) -> None:
    file.write_text(RUBRIC.replace("version: 1", "version: one"))
    result = evalhub("--instance", str(instance), "rubric", "add", str(file))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{file}:2:10: version:")
    assert "no rubric yet" in evalhub("--instance", str(instance), "rubric", "list").output


def test_list_and_show_what_was_added(instance: Path, file: Path) -> None:
    evalhub("--instance", str(instance), "rubric", "add", str(file))
    assert evalhub("rubric", "list", "--instance", str(instance)).output == (
        "answers@1  Answers  (1 criterion, 1 version)\n"
    )
    shown = evalhub("rubric", "show", "answers", "--instance", str(instance)).output
    assert "Is it right?" in shown
    assert "2. adequate: Small slips." in shown
    assert evalhub("rubric", "show", "answers@1", "--yaml", "--instance", str(instance)).output == RUBRIC
    found = json.loads(evalhub("rubric", "show", "answers", "--json", "--instance", str(instance)).stdout)
    assert found["rubric"]["name"] == "answers"
    listed = json.loads(evalhub("rubric", "list", "--json", "--instance", str(instance)).stdout)
    assert listed[0]["newest"] == 1


def test_show_of_what_is_not_there_exits_2(instance: Path) -> None:
    assert evalhub("rubric", "show", "nothing@3", "--instance", str(instance)).exit_code == 2
    assert evalhub("rubric", "show", "no such thing", "--instance", str(instance)).exit_code == 2


def test_without_an_instance_nothing_starts(tmp_path: Path, file: Path) -> None:
    assert evalhub("rubric", "add", str(file), "--instance", str(tmp_path / "none")).exit_code == 3


def test_diff_compares_files_without_an_instance(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(RUBRIC.replace("Small slips.", "Harmless slips."))
    result = evalhub("rubric", "diff", str(file), str(other))
    assert result.exit_code == 0
    assert "wording: accuracy levels.adequate.description: Small slips. -> Harmless slips." in result.output
    assert "cannot be compared: accuracy" in result.output
    assert json.loads(evalhub("rubric", "diff", "--json", str(file), str(other)).stdout)["changed"] == ["accuracy"]


def test_diff_compares_a_published_version_with_a_file(instance: Path, file: Path) -> None:
    evalhub("--instance", str(instance), "rubric", "add", str(file))
    result = evalhub("--instance", str(instance), "rubric", "diff", "answers@1", str(file))
    assert "Nothing changed." in result.output


def test_the_corpus_is_checked_as_its_manifest_says(shared: Path) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text())
    for case in manifest["files"]:
        if case["kind"] != "rubric_yaml":
            continue
        path = shared / "corpus" / case["path"]
        result = evalhub("rubric", "check", str(path))
        assert result.exit_code == (0 if case["expect"]["http"] == 201 else 2), case["path"]
        assert result.exit_code == 0 or result.stderr.startswith(f"{path}:"), case["path"]
