"""How long a reviewer waits for the next item while 100,000 items are imported by the wizard's jobs.

    python -m benchmarks.imports [--quick]

On SQLite, where an import and a submission wait for each other. A process does the jobs as a worker would: it checks
the file, stores its items, and fills the queue of an open project. Beside it a reviewer of that project submits one
review after another; each answer brings the next item.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from benchmarks.tables import print_table
from evalhub.datasets.models import Item, UploadKind
from evalhub.datasets.schema.uploads import ItemOptions
from evalhub.datasets.service import uploads
from evalhub.datasets.service.upload_files import store_file
from evalhub.db import Database
from evalhub.jobs import service
from evalhub.jobs.running import run_taken
from evalhub.migrating import upgrade
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Task
from evalhub.web.session import write
from evalhub.wiring import JOBS, connect_handlers
from tests.world import World, a_project

SCORES = {"accuracy": "excellent", "clarity": "adequate"}
WORDS = "An answer of some length about one thing and another, as models write them. " * 20
PAUSE = 0.02
"""Seconds between an answer and the next submission."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2,000 items, to see that it runs")
    n_items = 2_000 if parser.parse_args(arguments).quick else 100_000
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/evalhub.db")
        upgrade(database)
        world = a_project(database, items=max(n_items // 10, 500), reviewers=["ann"], overlap=OverlapPlan(base=1))
        alone = waits(world, lambda n: n < min(n_items // 100, 500))
        rows = [_row("no import", alone)]
        for stage, found in while_importing(world, Path(folder), n_items):
            rows.append(_row(stage, found))
        print_table(
            f"Waiting for the next item while {n_items:,} items are imported, SQLite",
            ["beside", "reviews", "seconds in all", "median ms", "99 % within ms", "longest ms"],
            rows,
        )
        with database.reading() as session:
            n_stored, n_tasks = (session.scalar(sa.select(sa.func.count()).select_from(m)) for m in (Item, Task))
        print(f"\n{n_stored:,} items and {n_tasks:,} tasks are there.")
        database.close()


def waits(world: World, goes_on: Any) -> list[float]:
    """Seconds from sending a review to the next item, again and again."""
    lease, found = world.claim("ann"), []
    while lease is not None and goes_on(len(found)):
        began = time.perf_counter()
        lease = world.submit("ann", lease, SCORES).next
        found.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    return found


def while_importing(world: World, folder: Path, n_items: int) -> Iterator[tuple[str, list[float]]]:
    """The waits during the check of the file, and during the import with the filling of the queue."""
    database, by_id = world.database, world.people["ann"].id
    upload = write(
        lambda session: uploads.begin_upload(
            session,
            UploadKind.ITEMS,
            target="p-items",
            name="items.jsonl",
            companion=None,
            folder=folder,
            options=ItemOptions(format="jsonl").model_dump(),
            by_id=by_id,
        ),
        on=database,
    )
    n_bytes = store_file(io.BytesIO(_file(n_items)), Path(upload.path))
    check = write(partial(uploads.receive, upload_id=upload.id, n_bytes=n_bytes, project_id=None), on=database)
    yield "the check", _beside(world, check.id)
    confirmed = partial(uploads.confirm, upload_id=upload.id, by_id=by_id, project_id=None)
    yield "the import", _beside(world, write(confirmed, on=database).id)


def _beside(world: World, job_id: int) -> list[float]:
    url = world.database.url.render_as_string(hide_password=False)
    worker = multiprocessing.get_context("spawn").Process(target=_work, args=(url, job_id))
    worker.start()
    found = waits(world, lambda _: worker.is_alive())
    worker.join()
    assert worker.exitcode == 0
    return found


def _work(url: str, job_id: int) -> None:
    connect_handlers()
    database = Database(url)
    job = write(partial(service.take, job_id=job_id), on=database)
    assert job is not None
    run_taken(database, JOBS, job, stopping=threading.Event())


def _file(n_items: int) -> bytes:
    return b"".join(
        json.dumps({"id": f"more-{n}", "prompt": f"Question {n}?", "response": WORDS, "model": f"m{n % 5}"}).encode()
        + b"\n"
        for n in range(n_items)
    )


def _row(name: str, seconds: list[float]) -> list[object]:
    ms = np.array(seconds) * 1000
    return [
        name,
        len(seconds),
        f"{ms.sum() / 1000 + PAUSE * len(ms):.1f}",
        *(f"{x:.1f}" for x in (*np.percentile(ms, [50, 99]), ms.max())),
    ]


if __name__ == "__main__":
    main()
