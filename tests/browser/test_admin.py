"""A whole evaluation by pages alone: from an empty instance to a verified export."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from evalhub.db import Database
from evalhub.export.schema.verify import verify_bundle
from tests.servers import START, Server, start_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FAULTY = """\
name: stories
version: 1
title: Stories
levels: [weak, fair, strong]
criteria:
  - id: ending
    title: Ending
    description: Does the ending feel earned?
    levels:
      weak: It stops, or comes from nowhere.
      fair: It follows from the story.
      storng: It follows from the story and could not be another.
  - id: voice
    title: Voice
    description: Does the teller sound like somebody?
    wieght: 2
  - id: people
    title: People
    critical: yes
"""
MENDED = {"storng": ("storng", "strong"), "wieght": ("wieght", "weight"), "critical": ("yes", "true")}
N_ITEMS, N_GRADED = 36, 3
PASSWORD = "a long enough pass phrase"

Visit = Callable[[], Page]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """A browser of one person each; a script error fails the test."""
    contexts, faults = [], []

    def a_browser() -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield a_browser
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server of an instance in which nothing is, and the address of the link for its first admin."""
    folder = tmp_path / "instance"
    command = [sys.executable, "-c", START, "init", "--instance", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    link = re.search(r"/links/\S+", made.stdout)
    assert link is not None, made.stdout
    database = Database(f"sqlite:///{folder / 'evalhub.db'}")
    server = start_server(database, folder, workers=1, job_workers=1)
    yield server, server.url + link[0]
    server.stop()
    database.close()


def test_an_evaluation_from_an_empty_instance_to_a_verified_export(
    instance: tuple[Server, str], visit: Visit, shared: Path, tmp_path: Path
) -> None:
    _, link = instance
    admin = visit()
    enter(admin, link)
    expect(admin.get_by_role("heading", level=1)).to_have_text("First steps")
    publish_a_rubric(admin)
    import_items(admin, shared / "data/ttcw/items.jsonl")
    links = invite(admin, ["Ann <ann@example.org>", "Ben <ben@example.org>", "Cem <cem@example.org>"])
    make_the_project(admin, ["Ann", "Ben", "Cem"])
    for path, keys in zip(links[:2], ("333", "323"), strict=True):
        reviewer = visit()
        enter(reviewer, path)
        grade(reviewer, keys)
    bundle = export(admin, tmp_path)
    verify_bundle(bundle)
    assert (bundle / "rubrics" / "stories@1.yaml").is_file()


def enter(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label(re.compile("again", re.IGNORECASE)).fill(PASSWORD)
    page.get_by_role("button", name="Save it and sign in").click()
    page.wait_for_url(lambda url: "/links/" not in url)


def publish_a_rubric(page: Page) -> None:
    """Write one with three faults, mend each at the place to which its problem leads, and publish it."""
    page.get_by_role("link", name="Publish a rubric").click()
    page.get_by_role("button", name="Begin with a blank one").click()
    page.wait_for_url("**/rubrics/drafts/*")
    source, problems = page.locator("#source"), page.locator("[data-problems] li")
    source.fill(FAULTY)
    expect(problems).to_have_count(3)
    for named, (wrong, right) in MENDED.items():
        problems.filter(has_text=named).get_by_role("link").click()
        for _ in wrong:
            page.keyboard.press("Delete")
        page.keyboard.type(right)
        expect(problems.filter(has_text=named)).to_have_count(0)
    expect(page.locator("[data-form] .criterion")).to_have_count(3)
    page.get_by_role("button", name="Publish…").click()
    page.get_by_role("button", name="Publish version 1 for good").click()
    page.wait_for_url("**/rubrics/stories/1")


def import_items(page: Page, file: Path) -> None:
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/start", page.url))
    page.get_by_role("link", name="Import items").click()
    page.get_by_label("Name of the new dataset").fill("stories")
    page.get_by_role("button", name="Choose its first file").click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name=f"Import {N_ITEMS} items").click(timeout=30_000)
    expect(page.get_by_role("heading", name=f"{N_ITEMS} items were added")).to_be_visible(timeout=30_000)


def invite(page: Page, people: list[str]) -> list[str]:
    """Invite several at once; the links to send them."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
    page.get_by_role("link", name=re.compile("^Invite")).first.click()
    page.locator("textarea[name=people]").fill("\n".join(people))
    page.get_by_role("button", name="Make the invitations").click()
    links = page.locator("code[id^=link-]")
    expect(links).to_have_count(len(people))
    return links.all_inner_texts()


def make_the_project(page: Page, reviewers: list[str]) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Projects").click()
    page.get_by_role("link", name=re.compile("project", re.IGNORECASE)).filter(has_text="New").first.click()
    page.get_by_label("Name", exact=True).fill("tales")
    for name in reviewers:
        page.get_by_role("checkbox", name=name).first.check()
    page.get_by_role("button", name="Make the project").click()
    page.wait_for_url("**/projects/tales**")


def grade(page: Page, keys: str) -> None:
    """A few items, one key a criterion."""
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/", page.url))
    page.get_by_role("button", name=re.compile("^(Start|Next item|Continue)")).first.click()
    for _ in range(N_GRADED):
        page.wait_for_url(re.compile("/assignments/"))
        before = page.url
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, before=before: url != before)


def export(page: Page, folder: Path) -> Path:
    """See the figures, make the export in the background, and take it; the bundle, unpacked."""
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/projects/tales", page.url))
    expect(page.locator(".tile", has_text="Reviews").first).to_contain_text(f"{2 * N_GRADED}")
    page.get_by_role("link", name="Exports", exact=True).click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Pseudonyms on")).to_be_visible()
    page.get_by_role("button", name="Make the export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^Download")).first.click(timeout=30_000)
    archive = folder / "bundle.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "unpacked")
    return next(path.parent for path in (folder / "unpacked").rglob("manifest.json"))
