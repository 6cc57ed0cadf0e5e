"""`evalhub work`: a process for background work, alone or kept beside a server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import click

from evalhub.cli.instance import settings_of
from evalhub.config import Settings

BESIDE_A_SERVER = "from evalhub.cli.work import work_beside_a_server; work_beside_a_server()"
PAUSE_SECONDS = 1.0
"""Before a worker that died is replaced."""

SECONDS_TO_END = 15.0
"""Longer than a worker takes to give back its job."""

NICENESS = 5
"""A heavy job leaves the processor to whoever waits for a page."""


@click.command()
@click.pass_context
def work(ctx: click.Context) -> None:
    """Do background work until it is stopped; run it as often as you like, on any machine with the database."""
    run_worker(settings_of(ctx))


def run_worker(settings: Settings) -> None:
    """Do background work until a signal ends it.

    Raises:
        CannotStart: when the database or the queue cannot be used.
    """
    from evalhub.jobs.bell import hang_bell
    from evalhub.jobs.worker import Worker
    from evalhub.migrating import open_database
    from evalhub.web.logs import set_up_logs
    from evalhub.wiring import JOBS, connect_handlers

    set_up_logs()
    database = open_database(settings.database_url)
    connect_handlers()
    hang_bell(database, settings)
    os.nice(NICENESS)
    Worker(settings, database, JOBS).run()


class KeptWorker:
    """A worker process beside a server: replaced when it dies, ended with the server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start it, and a thread that waits beside it. The process is made here, before the server forks."""
        self._process = self._new_process()
        threading.Thread(target=self._keep, name="worker-keeper", daemon=True).start()

    def stop(self) -> None:
        """Have it give back what it does, and end."""
        self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if self._stopping.wait(PAUSE_SECONDS):
                return
            self._process = self._new_process()

    def _new_process(self) -> subprocess.Popen[bytes]:
        """A worker that reads its settings from a pipe, and ends when the pipe does; Ctrl+C is the server's to hear."""
        process = subprocess.Popen(  # noqa: S603 -- this program itself
            [sys.executable, "-c", BESIDE_A_SERVER],
            stdin=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"},
            process_group=0,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it is dead already, and soon replaced
            process.stdin.write(self._settings.model_dump_json().encode() + b"\n")
            process.stdin.flush()
        return process


def work_beside_a_server() -> None:
    """What a kept worker's process runs."""
    settings = Settings.model_validate_json(sys.stdin.readline())
    threading.Thread(target=_end_with_the_server, name="lifeline", daemon=True).start()
    run_worker(settings)


def _end_with_the_server() -> None:
    while os.read(0, 1024):  # not by sys.stdin, whose lock would be held when the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
