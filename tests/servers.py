"""Real server processes for tests that need more than one, or that kill them."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalhub.db import Database

START = "from evalhub.cli import main; main()"


@dataclass
class Server:
    """`evalhub serve` on a port of its own."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def kill(self) -> None:
        """End the whole process group at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def make_instance(folder: Path) -> Path:
    """A folder with a secret key; the database is named by the environment."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "secret_key"
    if not key.exists():
        key.write_text(secrets.token_hex(32))
        key.chmod(0o600)
    return folder


@contextmanager
def serving(database: Database, folder: Path, *, workers: int = 2, threads: int = 16) -> Iterator[Server]:
    """A running server on that database; ended when the block is left."""
    server = start_server(database, folder, workers=workers, threads=threads)
    try:
        yield server
    finally:
        server.stop()


def start_server(
    database: Database,
    folder: Path,
    *,
    workers: int = 2,
    threads: int = 16,
    port: int | None = None,
    job_workers: int = 0,
) -> Server:
    make_instance(folder)
    port = port or free_port()
    log = folder / f"server-{port}.log"
    environment = {
        **os.environ,
        "EVALHUB_INSTANCE": str(folder),
        "EVALHUB_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "EVALHUB_SWEEP_SECONDS": "0.5",
        "EVALHUB_JOB_WORKERS": str(job_workers),
        "TMPDIR": str(folder),  # a server that is killed leaves files behind
    }
    arguments = ["serve", "--port", str(port), "--workers", str(workers), "--threads", str(threads)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", START, *arguments],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, f"http://127.0.0.1:{port}", log)
    _wait_until_ready(server)
    return server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: Server, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    server.stop()
    raise AssertionError(f"the server did not start:\n{server.log.read_text()[-3000:]}")
