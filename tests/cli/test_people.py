"""Invitations and tokens from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cli.conftest import Evalhub


def test_a_file_of_people_is_invited_whole_or_not_at_all(evalhub: Evalhub, tmp_path: Path) -> None:
    people = tmp_path / "people.txt"
    people.write_text("Ann A <ann>\nno one\nBen, ben\n")
    refused = evalhub("user", "invite", str(people))
    assert refused.exit_code == 2
    assert "2: people: login:" in refused.stderr
    assert json.loads(evalhub("user", "list", "--json").stdout) == []
    people.write_text("name,login\nAnn A <ann>\nBen, ben\n")
    made = evalhub("user", "invite", str(people), "--domain", "Law")
    rows = list(csv.DictReader(made.stdout.splitlines()))
    assert [(row["name"], row["login"]) for row in rows] == [("Ann A", "ann"), ("Ben", "ben")]
    assert all("/links/" in row["link"] for row in rows)
    assert evalhub("user", "sign-out", "ann").output == "ann is signed out everywhere.\n"


def test_a_token_gets_scopes_and_a_last_day(evalhub: Evalhub) -> None:
    evalhub("user", "add", "ann")
    assert evalhub("token", "add", "ann", "--scope", "review", "--expires", "2999-12-31").stdout.startswith("evh_")
    assert evalhub("token", "add", "ann", "--name", "all").exit_code == 0
    assert evalhub("token", "add", "ann", "--expires", "2020-01-01").exit_code == 2
    every, review = json.loads(evalhub("token", "list", "ann", "--json").stdout)
    assert every["scopes"] == ["admin", "manage", "read", "review"]
    assert (review["scopes"], review["expires_at"][:10]) == (["read", "review"], "2999-12-31")
    assert "may read, review, until 2999-12-31" in evalhub("token", "list", "ann").stdout


def test_one_project_s_chain_is_verified_and_exported_alone(evalhub: Evalhub) -> None:
    assert evalhub("audit", "verify", "--project", "none").exit_code == 2
    assert evalhub("audit", "export", "--project", "none").exit_code == 2
