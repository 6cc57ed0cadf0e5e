"""`evalhub serve`: gunicorn with threads, a sweeper in every worker, and processes for background work beside them."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from evalhub.cli.instance import settings_of
from evalhub.cli.work import KeptWorker
from evalhub.config import Settings
from evalhub.errors import CannotStart
from evalhub.jobs.queue import JobQueue
from evalhub.migrating import open_database

if TYPE_CHECKING:
    from flask import Flask

SECONDS_TO_FINISH = 30
"""How long a request may go on after the server was told to stop."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; by default base_url's, or 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Server processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=16, show_default=True, help="Threads of each.")
@click.pass_context
def serve(ctx: click.Context, *, host: str, port: int | None, workers: int, threads: int) -> None:
    """Serve the instance until it is stopped."""
    run_server(settings_of(ctx), host=host, port=port, workers=workers, threads=threads)


def run_server(settings: Settings, *, host: str, port: int | None, workers: int, threads: int) -> None:
    """Serve until a signal ends it; on this machine's own address the links follow the port.

    Raises:
        CannotStart: before anything is forked, when the database, the queue or the port cannot be used.
    """
    port = _port_of(settings) if port is None else port
    if settings.is_loopback and not settings.is_https:
        settings = settings.model_copy(update={"base_url": f"http://{settings.host}:{port}"})
    open_database(settings.database_url).close()
    JobQueue(settings)  # raises what would otherwise end its workers again and again
    check_port(host, port)
    metrics = tempfile.mkdtemp(prefix="evalhub-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics  # read when the metrics are defined, in the workers
    click.echo(f"evalhub serves {settings.base_url} (Ctrl+C stops it)")
    address = f"[{host}]" if ":" in host else host
    _run(settings, bind=f"{address}:{port}", workers=workers, threads=threads, metrics=metrics)


def _run(settings: Settings, *, bind: str, workers: int, threads: int, metrics: str) -> None:
    from gunicorn.app.base import BaseApplication
    from gunicorn.glogging import Logger

    from evalhub.web.logs import set_up_logs

    class Propagating(Logger):  # type: ignore[misc]
        """gunicorn's own messages go the way of all others."""

        def setup(self, cfg: Any) -> None:
            self.error_log = logging.getLogger("gunicorn.error")
            self.access_log = logging.getLogger("gunicorn.access")
            self.error_log.propagate = True
            self.error_log.setLevel(logging.INFO)

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options: dict[str, Any] = {
                "bind": bind,
                "workers": workers,
                "threads": threads,
                "worker_class": "gthread",
                "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108
                "graceful_timeout": SECONDS_TO_FINISH,
                "timeout": 120,
                "keepalive": 5,
                "logger_class": Propagating,
                "when_ready": lambda _server: _start_working(settings, kept),
                "post_worker_init": _start_sweeping,
                "on_exit": lambda _server: _clean_up(kept, metrics),
                "proc_name": "evalhub",
            }
            if "control_socket_disable" in self.cfg.settings:  # newer ones would listen for commands in ~/.gunicorn
                options["control_socket_disable"] = True
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            from evalhub.app import create_app

            return create_app(settings)

    set_up_logs()
    kept: list[KeptWorker] = []
    Server().run()


def _start_working(settings: Settings, kept: list[KeptWorker]) -> None:
    for _ in range(settings.job_workers):
        worker = KeptWorker(settings)
        worker.start()
        kept.append(worker)


def _clean_up(kept: Sequence[KeptWorker], metrics: str) -> None:
    """In the parent alone: a process that ends must leave the others' workers and figures."""
    for worker in kept:
        worker.stop()
    shutil.rmtree(metrics, ignore_errors=True)


def _start_sweeping(worker: Any) -> None:
    from evalhub.jobs.sweep import start_sweeper
    from evalhub.web.context import SETTINGS
    from evalhub.wiring import SWEEPS

    app = worker.wsgi
    start_sweeper(app.extensions["evalhub_database"], SWEEPS, seconds=app.extensions[SETTINGS].sweep_seconds)


def _port_of(settings: Settings) -> int:
    return (urlsplit(settings.base_url).port if settings.is_loopback else None) or 8000


def check_port(host: str, port: int) -> None:
    """Say so at once when the port is taken, instead of after gunicorn's retries."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
