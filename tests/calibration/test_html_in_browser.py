"""The report's file in a real browser: axe-core finds nothing in any state, and nothing is asked of any server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from evalhub.calibration.html import self_contained
from tests.calibration.reports import a_criterion, a_report, a_section, an_empty_report, drawn_ratings
from tests.web.test_accessibility import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The file with more reviewers than fit a column, and empty; the demo's page is looked at elsewhere."""
    folder = tmp_path_factory.mktemp("files")
    many = a_report([a_section(a_criterion(), drawn_ratings(80, 15), weeks=12)], n_reviewers=15)
    states = {"many": many, "empty": an_empty_report()}
    paths = []
    for name, report in states.items():
        paths.append(folder / f"{name}.html")
        paths[-1].write_text(self_contained(report, names=True), "utf-8")
    return paths


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_file_has_no_fault_in_any_state(chromium: Browser, files: list[Path], scheme: str, width: int) -> None:
    faults, asked = [], []
    with chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for path in files:
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            faults += faults_of(page)
    assert faults == []
    assert asked == [path.as_uri() for path in files]


def test_a_title_without_a_space_does_not_push_the_page_aside(chromium: Browser, tmp_path: Path) -> None:
    criterion = a_criterion(title="Pneumonoultramicroscopicsilicovolcanoconiosis" * 3)
    path = tmp_path / "report.html"
    path.write_text(self_contained(a_report([a_section(criterion, drawn_ratings(40, 3))])), "utf-8")
    with chromium.new_context(viewport={"width": 390, "height": 900}) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_link_to_a_folded_criterion_opens_it_and_print_shows_everything(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(self_contained(a_report()), "utf-8")
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(path.as_uri())
        body = page.locator("#c-clarity")
        assert not body.is_visible()
        page.get_by_role("link", name="Clarity", exact=True).click()
        assert body.is_visible()
        page.goto(path.as_uri())
        page.emulate_media(media="print")
        assert body.is_visible()
