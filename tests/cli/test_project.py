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


def test_settings_members_and_batches_change_by_command(evalhub: Evalhub, tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC)
    (tmp_path / "items.jsonl").write_text('{"id": "a", "prompt": "Q", "response": "A"}\n')
    evalhub("rubric", "add", str(tmp_path / "rubric.yaml"))
    evalhub("dataset", "import", str(tmp_path / "items.jsonl"), "--dataset", "answers")
    for login in ("ana", "ben"):
        evalhub("user", "add", login)
    evalhub("project", "create", "p", "--dataset", "answers", "--rubric", "clarity", "--reviewer", "ana")
    assert json.loads(evalhub("project", "status", "p", "--json").stdout)["stuck"] == 1

    changed = evalhub("project", "set", "p", "--due", "2027-01-31", "--one-more", "--json")
    assert json.loads(changed.stdout) == {
        "title": "p", "due_on": "2027-01-31", "lease_minutes": 45, "one_more": True
    }  # fmt: skip
    assert "lease minutes" in evalhub("project", "set", "p", "--no-due").stdout
    assert evalhub("project", "set", "p", "--title", "").exit_code == 2

    assert evalhub("project", "member", "add", "p", "ben", "nobody", "--role", "reviewer").exit_code == 2
    assert evalhub("project", "member", "add", "p", "ben", "--role", "reviewer").stdout == "ben: reviewer of p\n"
    assert json.loads(evalhub("project", "status", "p", "--json").stdout)["stuck"] == 0
    assert "1 items can no longer" in evalhub("project", "member", "remove", "p", "ben", "--reason", "left").stderr
    listed = json.loads(evalhub("project", "member", "list", "p", "--json").stdout)
    assert [line["login"] for line in listed] == ["ana"]

    (batch,) = json.loads(evalhub("project", "batches", "p", "--json").stdout)
    assert (batch["items"], batch["done"], batch["state"]) == (1, 0, "open")
    assert evalhub("project", "batch", "p", str(batch["id"]), "--priority", "4", "--close").exit_code == 0
    assert "closed" in evalhub("project", "batches", "p").stdout
    assert evalhub("project", "batch", "p", "999", "--priority", "4").exit_code == 2
