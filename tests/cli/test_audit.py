from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.web.session import write
from tests.cli.conftest import Evalhub
from tests.world import a_project


@pytest.fixture(autouse=True)
def _world(database: Database) -> None:
    a_project(database)


def test_a_whole_log_is_said_to_be_whole(evalhub: Evalhub) -> None:
    done = evalhub("audit", "verify")
    assert (done.exit_code, "the log is whole" in done.output) == (0, True)
    found = json.loads(evalhub("audit", "verify", "--json").stdout)
    assert found["ok"]
    assert all(chain["events"] > 0 for chain in found["chains"])


def test_an_altered_event_exits_1_and_is_named(evalhub: Evalhub, database: Database) -> None:
    evalhub("audit", "verify")
    write(lambda s: s.execute(sa.update(AuditEvent).where(AuditEvent.seq == 2).values(actor="x")), on=database)
    done = evalhub("audit", "verify")
    assert done.exit_code == 1
    assert "event 2: " in done.stderr
    assert not json.loads(evalhub("audit", "verify", "--json").stdout)["ok"]


def test_the_exported_log_can_be_checked_by_anybody(evalhub: Evalhub, tmp_path: Path) -> None:
    assert evalhub("audit", "export", "-o", str(tmp_path / "log.jsonl")).exit_code == 0
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    places = [(line["chain"], line["seq"]) for line in lines]
    assert places == sorted(places)
    assert all(line["event"]["action"] and len(line["hash"]) == 64 for line in lines)
