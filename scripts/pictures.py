"""Take the pictures of docs/ from the demo: `.venv/bin/python scripts/pictures.py`.

Makes the demo in a temporary folder, serves it on a free port of this machine, and writes charts (SVG) and screenshots
of the calibration report and of the review page (PNG, light and dark, and on a phone) to docs/pictures/.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
EVALHUB = Path(sys.executable).parent / "evalhub"
CRITERION = "reproducibility"
"""The demo's criterion whose boundaries were simulated to be read differently."""
CHARTS = {
    "alpha": "",
    **dict.fromkeys(("severity", "levels", "confusion", "kappa"), f"?criterion={CRITERION}"),
}
REPORT = "/projects/demo/calibration"


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        links = _make_demo(folder, port)
        server = subprocess.Popen([EVALHUB, "--instance", folder, "serve", "--port", str(port), "--workers", "1"])
        try:
            _wait_for(f"http://127.0.0.1:{port}/livez")
            _take(f"http://127.0.0.1:{port}", links)
        finally:
            server.terminate()
            server.wait()


def _make_demo(folder: str, port: int) -> dict[str, str]:
    """Load the demo; returns the one-time links that sign its admin and its reviewer in."""
    command = [EVALHUB, "demo", "--dir", folder, "--port", str(port), "--no-serve"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    links = dict(re.findall(r"Demo (admin|reviewer)\s+(\S+)", printed))
    assert len(links) == 2, printed
    return links


def _take(base: str, links: dict[str, str]) -> None:
    chromium = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        session = _signed_in(browser, links["admin"])
        for name, query in CHARTS.items():
            answer = session.request.get(f"{base}{REPORT}/charts/{name}.svg{query}")
            assert answer.ok, f"{name}: {answer.status}"
            (PICTURES / f"{name}.svg").write_bytes(answer.body())
        for scheme in ("light", "dark"):
            _screenshot(browser, session, base, scheme)
        _review_pages(browser, _signed_in(browser, links["reviewer"]), base)
        browser.close()


def _signed_in(browser: Browser, link: str) -> BrowserContext:
    session = browser.new_context()
    page = session.new_page()
    page.goto(link)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/links/" not in url)
    return session


def _review_pages(browser: Browser, session: BrowserContext, base: str) -> None:
    """One item, half of it graded, as three screens show it."""
    for name, scheme, width in (("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 390)):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type] # one of its literals
            storage_state=session.storage_state(),
        )
        page = context.new_page()
        page.goto(base)
        page.get_by_role("link", name="Continue").or_(page.get_by_role("button", name="Continue")).first.click()
        page.wait_for_url("**/assignments/*")
        for key in "32":
            page.keyboard.press(key)
        page.locator("[data-saved][data-state=saved]").wait_for()
        page.screenshot(path=PICTURES / f"review-{name}.png")
        context.close()


def _screenshot(browser: Browser, session: BrowserContext, base: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 1240},
        color_scheme=scheme,  # type: ignore[arg-type] # one of its literals
        storage_state=session.storage_state(),
    )
    page = context.new_page()
    page.goto(base + REPORT)
    page.screenshot(path=PICTURES / f"calibration-{scheme}.png")
    page.goto(f"{base}{REPORT}?criterion={CRITERION}")
    page.locator(".boundaries").first.screenshot(path=PICTURES / f"boundaries-{scheme}.png")
    context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(150):
        try:
            urllib.request.urlopen(url)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"{url} does not answer")


if __name__ == "__main__":
    main()
