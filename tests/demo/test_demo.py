"""`evalhub demo`, as somebody would call it."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalhub.cli import cli
from evalhub.cli.demo import demo
from evalhub.errors import Conflict

LINK = re.compile(r"http://127\.0\.0\.1:\d+/links/\S+")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo's folder, and what was printed when it was made."""
    folder = tmp_path_factory.mktemp("demo") / "instance"
    return folder, _printed(folder)


def test_the_demo_prints_where_it_is_and_three_links(made: tuple[Path, str]) -> None:
    _, printed = made
    assert "http://127.0.0.1:8000" in printed
    assert len(set(LINK.findall(printed))) == 3
    assert all(name in printed for name in ("Demo reviewer", "Demo adjudicator", "Demo admin"))
    assert "simulated" in printed


def test_a_second_call_uses_the_same_demo_and_prints_fresh_links_for_its_port(made: tuple[Path, str]) -> None:
    folder, first = made
    key = (folder / "secret_key").read_bytes()
    again = _printed(folder, "--port", "8123")
    assert (folder / "secret_key").read_bytes() == key
    assert not set(LINK.findall(first)) & set(LINK.findall(again))
    assert all(":8123/" in link for link in LINK.findall(again))


def test_no_link_is_printed_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = CliRunner().invoke(cli, ["demo", "--dir", str(tmp_path / "demo"), "--port", str(port)])
    assert refused.exit_code == 3
    assert "choose another --port" in refused.stderr
    assert not LINK.search(refused.output)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep me")
    result = CliRunner().invoke(demo, ["--dir", str(tmp_path), "--no-serve"])
    assert isinstance(result.exception, Conflict)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_database_named_in_the_environment_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    monkeypatch.setenv("EVALHUB_DATABASE_URL", f"sqlite:///{elsewhere}")
    _printed(tmp_path / "instance")
    assert not elsewhere.exists()
    assert (tmp_path / "instance" / "evalhub.db").is_file()


def test_a_demo_that_was_stopped_while_loading_is_finished_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "instance"
    with monkeypatch.context() as patch:
        patch.setattr("evalhub.demo.load.RUBRIC", "missing.yaml")
        assert CliRunner().invoke(demo, ["--dir", str(folder), "--no-serve"]).exit_code == 1
    _printed(folder)
    with closing(sqlite3.connect(folder / "evalhub.db")) as connection:
        assert connection.execute("SELECT count(*) FROM decision").fetchone() == (1,)


@pytest.fixture
def served(made: tuple[Path, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demo that answers, and one of its links."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = "from evalhub.cli import main; main()"
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", command, "demo", "--dir", str(made[0]), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        link = next(found[0] for line in process.stdout if (found := LINK.search(line)))
        while not _answers(port):
            assert process.poll() is None
            assert time.monotonic() - began < 30
            time.sleep(0.05)
        yield process, link
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_the_demo_greets_the_reviewer_and_ends_on_sigterm(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    process, link = served
    with urllib.request.urlopen(link) as response:
        page = response.read().decode()
    assert "Demo reviewer" in page
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) == 0


def _printed(folder: Path, *options: str) -> str:
    result = CliRunner().invoke(cli, ["demo", "--dir", str(folder), "--no-serve", *options])
    assert result.exit_code == 0, result.output
    return result.output


def _answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0
