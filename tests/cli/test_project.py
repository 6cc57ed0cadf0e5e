from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Evalhub

RUBRIC = """
name: clarity
version: 1
levels: [bad, good]
criteria:
  - {id: clear, title: Clear}
"""


def test_a_project_that_too_few_can_grade_is_made_with_a_warning_and_listed(evalhub: Evalhub, tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC)
    (tmp_path / "items.jsonl").write_text('{"id": "a", "prompt": "Q", "response": "A"}\n')
    assert evalhub("rubric", "add", str(tmp_path / "rubric.yaml")).exit_code == 0
    assert evalhub("dataset", "import", str(tmp_path / "items.jsonl"), "--dataset", "answers").exit_code == 0
    for login in ("ana", "ben"):
        assert f"Send this link to {login}" in evalhub("user", "add", login).stdout
    assert evalhub("project", "list").stdout == ""

    common = ("--dataset", "answers", "--rubric", "clarity", "--overlap", "2", "--reviewer", "ana")
    alone = evalhub("project", "create", "alone", *common)
    assert (alone.exit_code, alone.stdout) == (0, "made project alone: 1 items, 2 reviews to do\n")
    assert "an item needs up to 2 reviewers, and the project has 1" in alone.stderr
    assert evalhub("project", "create", "pair", *common, "--reviewer", "ben").stderr == ""

    listed = json.loads(evalhub("project", "list", "--json").stdout)
    assert sorted(line["project"] for line in listed) == ["alone", "pair"]
    assert listed[0].items() >= {"dataset": "answers", "rubric": "clarity@1", "state": "open"}.items()
    assert "pair" in evalhub("project", "list").stdout


def test_the_rules_of_dispute_are_chosen_by_options(evalhub: Evalhub, tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC)
    (tmp_path / "items.jsonl").write_text('{"id": "a", "prompt": "Q", "response": "A"}\n')
    evalhub("rubric", "add", str(tmp_path / "rubric.yaml"))
    evalhub("dataset", "import", str(tmp_path / "items.jsonl"), "--dataset", "answers")
    common = ("--dataset", "answers", "--rubric", "clarity")

    refused = evalhub("project", "create", "flips", *common, "--flag", "pass_flip")
    assert refused.exit_code == 2
    assert "flags.pass_flip: nothing can pass or fail" in refused.stderr
    for influence in ("0", "1.5", "nan"):
        assert evalhub("project", "create", "odd", *common, "--influence", influence).exit_code == 2

    chosen = ("--flag", "pass_flip", "--pass-level", "excellent", "--no-flag", "span", "--influence", "0.01")
    assert evalhub("project", "create", "rules", *common, *chosen, "--one-more").exit_code == 0
    assert json.loads(evalhub("project", "status", "rules", "--json").stdout)["one_more"] == 0
