"""Every command of docs/api.md runs, in its order, against a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from tests.conftest import unavailable
from tests.servers import serving
from tests.web.client import a_person, a_token

ROOT = Path(__file__).parent.parent
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def token_of(database: Database, name: str, role: InstanceRole = InstanceRole.MEMBER) -> str:
    person = a_person(database, f"{name}@example.org", role=role)
    return a_token(database, person)["Authorization"].removeprefix("Bearer ")


def test_the_commands_of_the_interface_document_run(sqlite_database: Database, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        unavailable("no curl on this machine")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "EVALHUB_TOKEN": token_of(sqlite_database, "root", InstanceRole.ADMIN),
        **{f"{name.upper()}_TOKEN": token_of(sqlite_database, name) for name in ("ana", "ben", "eva")},
    }
    script = "set -euo pipefail\n" + "\n".join(SHELL.findall((ROOT / "docs" / "api.md").read_text()))
    with serving(sqlite_database, tmp_path / "instance", workers=1) as server:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment | {"EVALHUB_URL": server.url},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert len((tmp_path / "items.jsonl").read_text().splitlines()) == 3
