"""Real worker processes that know the jobs of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evalhub.db import Database
from evalhub.jobs import worker
from evalhub.jobs.running import JobRun
from tests.servers import make_instance

ROOT = Path(__file__).parent.parent.parent
START = "from tests.jobs.processes import main; main()"


def count(_: Database, run: JobRun) -> dict[str, int]:
    """Leaves a file when it begins, and ends when there is a file `go`."""
    folder = Path(run.arguments["folder"])
    (folder / f"begun-{os.getpid()}").touch()
    while not (folder / "go").exists():
        run.progress(0, None, "Counting")
        time.sleep(0.02)
    return {"by": os.getpid()}


def sleep_on(_: Database, run: JobRun) -> None:
    """Never says how far it is, and so never hears that it should stop."""
    Path(run.arguments["folder"], "begun-asleep").touch()
    time.sleep(3600)


def main() -> None:
    """`evalhub work`, with the jobs of the tests and little patience."""
    from evalhub.cli import main as evalhub
    from evalhub.wiring import JOBS

    JOBS.update({"count-sheep": count, "sleep": sleep_on})
    worker.SECONDS_TO_STOP = 0.5
    evalhub(["work"])


@contextmanager
def working(database: Database, folder: Path, *, sweep_seconds: float = 0.2) -> Iterator[subprocess.Popen[bytes]]:
    """A worker on that database; killed when the block is left."""
    make_instance(folder)
    environment = {
        **os.environ,
        "EVALHUB_INSTANCE": str(folder),
        "EVALHUB_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "EVALHUB_SWEEP_SECONDS": str(sweep_seconds),
    }
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", START], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for it; that long only where something is broken."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
