"""Grading in a real browser while the server is killed, the tab loaded again, the session dropped or the network cut.

    python -m benchmarks.chaos [--runs 200] [--seed 1] [--only RUN]

Prints a dot a run and every invariant that did not hold, with the seed that shows it again; ends with 1 where one did
not. `tests/browser/chaos.py` says what happens in a run and what must hold.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.tables import print_table
from evalhub.db import Database
from evalhub.migrating import upgrade
from tests.browser.chaos import broken_by_all, play, stage


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="play this one of the runs")
    given = parser.parse_args(arguments)
    chromium = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    started, events, n_faults = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Database(f"sqlite:///{folder}/evalhub.db")
        upgrade(database)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with stage(database, Path(folder), runs=given.runs) as found:
            for number in range(given.runs) if given.only is None else [given.only]:
                run = play(found, browser, number, given.seed)
                events.update(run.happened)
                n_faults += len(run.faults)
                print("\n".join(run.faults) or ".", end="\n" if run.faults else "", flush=True)
            at_the_end = broken_by_all(found.world)
        browser.close()
        database.close()
    print("\n".join(["", *at_the_end]))
    print_table(f"Seed {given.seed}", ["what happened", "times"], sorted(events.items()))
    print(f"\n{given.runs} runs, {n_faults + len(at_the_end)} faults, {time.monotonic() - started:.0f} s")
    return n_faults + len(at_the_end)


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
