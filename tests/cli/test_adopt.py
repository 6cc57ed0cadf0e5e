from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Evalhub
from tests.world import RUBRIC

SECOND = RUBRIC.replace(b"version: 1", b"version: 2").replace(b"title: Clarity,", b"title: Is it clear?,")


def test_the_command_says_what_it_would_do_and_does_it(evalhub: Evalhub, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_bytes(RUBRIC)
    second.write_bytes(
        RUBRIC.replace(b"version: 1", b"version: 2").replace(b"title: Clarity,", b"title: Is it clear?,")
    )
    (tmp_path / "items.jsonl").write_text('{"id": "a", "prompt": "Q", "response": "A"}\n')
    evalhub("rubric", "add", str(first))
    evalhub("rubric", "add", str(second))
    evalhub("dataset", "import", str(tmp_path / "items.jsonl"), "--dataset", "answers")
    evalhub("project", "create", "p", "--dataset", "answers", "--rubric", "answers@1")
    common = ("project", "adopt", "p", "2", "--changed", "keep", "--reason", "clearer")
    dry = evalhub(*common, "--dry-run")
    assert "otherwise: clarity" in dry.stdout
    assert "nothing was done" in dry.stdout
    assert json.loads(evalhub("project", "list", "--json").stdout)[0]["rubric"] == "answers@1"
    done = json.loads(evalhub(*common, "--json").stdout)
    assert (done["adopted"], done["untouched"], done["changed"]) == (True, 1, ["clarity"])
    assert json.loads(evalhub("project", "list", "--json").stdout)[0]["rubric"] == "answers@2"
    twice = evalhub(*common)
    assert twice.exit_code != 0
    assert "uses version 2 already" in twice.stderr
    assert evalhub(*common[:3], "1", "--changed", "sample", "--reason", "why").exit_code == 2
