"""What the pages weigh, and how soon after a key the review page shows what it did.

    python -m benchmarks.pages [--quick]

Serves the demo on a free port and opens it in Chromium: every page once with an empty cache, its bodies as gzip would
send them; then keys on the review page with the processor throttled to a quarter.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from benchmarks.tables import print_table
from evalhub.db import Database
from evalhub.demo.load import load_demo
from evalhub.migrating import upgrade
from evalhub.wiring import connect_handlers
from tests.browser.weight import weight_of
from tests.servers import serving
from tests.web.signed_in import Demo, next_item
from tests.web.test_accessibility import PAGES

SLOWER = 4
KEYS = {"1 2 3": ["1", "2", "3", "1"], "J K": ["j", "k"], "U": ["u"], "R": ["r"], "G": ["g"]}
LIMITS = {"requests": 5, "kB": 60, "script kB": 15, "ms": 50}
AFTER_PAINT = """
  window.waits = [];
  addEventListener("keydown", (event) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => waits.push(performance.now() - event.timeStamp);
    port2.postMessage(null);
  }), { capture: true });
"""
"""A message that is sent while a frame is made arrives once it is painted."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the review page and few keys, to see that it runs")
    quick = parser.parse_args(arguments).quick
    with served_demo() as demo:
        print_table(
            "Weight",
            ["page", "requests", "kB", "script kB", "CSP violations", "other hosts"],
            weights(demo, quick=quick),
        )
        print_table(
            f"From key to paint, processor {SLOWER} times slower",
            ["key", "times", "median ms", "95 % within ms", "limit ms"],
            waits(demo, times=3 if quick else 40),
        )


@contextmanager
def served_demo() -> Iterator[Demo]:
    chromium = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Database(f"sqlite:///{folder}/evalhub.db")
        upgrade(database)
        connect_handlers()
        load_demo(database)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with serving(database, Path(folder), workers=1) as server:
            yield Demo(browser, database, server.url)
        browser.close()
        database.close()


def weights(demo: Demo, *, quick: bool) -> Iterator[list[object]]:
    with demo.context("reviewer") as context:
        path = next_item(context.new_page())
    limits = f"≤ {LIMITS['requests']}", f"≤ {LIMITS['kB']}", f"≤ {LIMITS['script kB']}", 0, 0
    yield ["limit of the review page", *limits]
    yield ["review page", *row(demo, "reviewer", path)]
    if quick:
        return
    for person, paths in PAGES.items():
        for path in paths:
            yield [f"{path} ({person})", *row(demo, person, path)]


def row(demo: Demo, person: str, path: str) -> list[object]:
    with demo.context(person) as context:
        found = weight_of(context, path, demo.url)
    kilobytes = (f"{size / 1024:.1f}" for size in (found.bytes_gz, found.script_bytes_gz))
    return [found.requests, *kilobytes, len(found.violations), len(found.foreign)]


def waits(demo: Demo, *, times: int) -> Iterator[list[object]]:
    with demo.context("reviewer", viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(AFTER_PAINT)
        next_item(page)
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        for name, keys in KEYS.items():
            found = sorted(waits_for(page, keys, times))
            yield [
                name,
                len(found),
                *(f"{ms:.0f}" for ms in (median(found), found[int(len(found) * 0.95)])),
                LIMITS["ms"],
            ]


def waits_for(page: Page, keys: Sequence[str], times: int) -> list[float]:
    page.evaluate("waits.length = 0")
    for n in range(times):
        page.keyboard.press(keys[n % len(keys)])
        page.wait_for_function("n => waits.length > n", arg=n)
        page.wait_for_timeout(30)
    found: list[float] = page.evaluate("waits")
    return found


if __name__ == "__main__":
    main()
