"""The main job in a real browser: three people grade, they differ, a fourth decides, an admin exports."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import datasets
import duckdb
import pandas
import polars
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from evalhub.accounts.models import InstanceRole
from evalhub.adjudication.models import Case, CaseState
from evalhub.db import Database
from evalhub.export.schema.verify import verify_bundle
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Rating
from evalhub.web.session import write
from tests.background import work_off
from tests.browser.conftest import SignIn
from tests.review.test_queue import reviews_by_task
from tests.servers import serving
from tests.world import World, a_project, an_account

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CRITERIA = ["accuracy", "fluency", "terminology", "style", "locale"]
MODELS = ["GPT4-5shot", "NLLB_MBR_BLEU", "ONLINE-W"]
N_ITEMS = 3


@pytest.fixture
def world(sqlite_database: Database, shared: Path) -> World:
    """The first items of a real dataset, its rubric, three reviewers, an adjudicator and an admin."""
    folder = shared / "data/mqm_small"
    lines = (folder / "items.jsonl").read_text("utf-8").splitlines()[:N_ITEMS]
    world = a_project(
        sqlite_database,
        items=[json.loads(line) for line in lines],
        rubric=(folder / "rubric.yaml").read_bytes(),
        reviewers=["ann", "ben", "cem"],
        overlap=OverlapPlan(base=3),
    )

    def add_admin(session: Session) -> None:
        world.people["root"] = an_account(session, "root", role=InstanceRole.ADMIN)

    write(add_admin, on=sqlite_database)
    return world


def grade_by_keyboard(page: Page, keys: str) -> None:
    """Start, then one key a criterion and Ctrl+Enter, for every item."""
    page.get_by_role("button", name="Next item").click()
    for _ in range(N_ITEMS):
        page.wait_for_url(re.compile("/assignments/"))
        before = page.url
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, before=before: url != before)


def grade_by_mouse(page: Page, level: str) -> None:
    page.get_by_role("button", name="Next item").click()
    for _ in range(N_ITEMS):
        page.wait_for_url(re.compile("/assignments/"))
        before = page.url
        for criterion in CRITERIA:
            page.locator(f'#c-{criterion} label.level:has(input[value="{level}"])').click()
        page.get_by_role("button", name="Submit & next").click()
        page.wait_for_url(lambda url, before=before: url != before)


def test_three_reviewers_an_adjudicator_and_an_admin(world: World, tmp_path: Path, sign_in: SignIn) -> None:
    database = world.database
    ids = {login: account.id for login, account in world.people.items()}
    with serving(database, tmp_path, workers=1) as server:
        grade_by_keyboard(sign_in(server, database, ids["ann"]), "33333")
        grade_by_mouse(sign_in(server, database, ids["ben"]), "none")
        last = sign_in(server, database, ids["cem"])
        grade_by_keyboard(last, "13333")
        expect(last.get_by_text("Nothing is left for you here").first).to_be_visible()
        assert reviews_by_task(database) == dict.fromkeys(range(1, N_ITEMS + 1), 3)
        assert open_cases(database) == N_ITEMS

        judge = sign_in(server, database, ids["judy"])
        judge.get_by_role("link", name=f"{N_ITEMS} open cases").click()
        judge.get_by_role("button", name=re.compile("^Take ")).first.click()
        expect(judge.locator("main")).to_contain_text("Reviewer A")
        assert not [model for model in MODELS if model in judge.content()]
        for login in ("Ann", "Ben", "Cem"):
            expect(judge.locator("main")).not_to_contain_text(login)
        judge.locator('label.level:has(input[name="level-accuracy"][value="minor"])').click()
        judge.locator('textarea[name="rationale"]').fill("A smaller imperfection: the meaning stands.")
        judge.locator('input[name="cause"]').first.check()
        judge.get_by_role("button", name="Decide").click()
        expect(judge.locator("#status")).to_contain_text("Decided")
        assert open_cases(database) == N_ITEMS - 1
        with database.reading() as session:
            levels = sorted(session.scalars(sa.select(Rating.level)))
        assert levels == [0] * N_ITEMS + [2] * (N_ITEMS * 14)

        reviewer = sign_in(server, database, ids["ann"])
        reviewer.goto("/reviews")
        reviewer.get_by_role("link", name=re.compile("^What became of it")).first.click()
        reviewer.get_by_role("button", name="Show me").click()
        expect(reviewer.locator("main")).to_contain_text("A smaller imperfection: the meaning stands.")

        admin = sign_in(server, database, ids["root"])
        admin.goto("/projects/p")
        expect(admin.get_by_role("heading", name="Reviewers")).to_be_visible()
        admin.get_by_role("link", name="Calibration").click()
        expect(admin.get_by_role("heading", level=1)).to_contain_text("Calibration")
        admin.goto("/projects/p/exports")
        admin.get_by_role("button", name="Make the export").click()
        work_off(database)
        admin.reload()
        with admin.expect_download() as download:
            admin.get_by_role("link", name=re.compile("^Download")).click()
        archive = tmp_path / "bundle.zip"
        download.value.save_as(archive)
    assert_loads_with_the_right_values(unpacked(archive, tmp_path / "unpacked"))


def unpacked(archive: Path, folder: Path) -> Path:
    """The bundle in the archive, verified."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    bundle = next(path.parent for path in folder.rglob("manifest.json"))
    verify_bundle(bundle)
    return bundle


def assert_loads_with_the_right_values(bundle: Path) -> None:
    """One item is decided as minor, two wait for an adjudicator; every reader sees the same."""
    items, ratings = bundle / "data/items.jsonl", bundle / "data/ratings.jsonl"
    states = sorted(polars.read_ndjson(items)["state"])
    assert states == ["adjudication_pending"] * (N_ITEMS - 1) + ["final"]
    assert (
        sorted(datasets.load_dataset(str(bundle), cache_dir=str(bundle.parent / "cache"))["train"]["state"]) == states
    )
    levels = pandas.read_json(ratings, lines=True, dtype=False)["level"].value_counts().to_dict()
    assert levels == {"none": N_ITEMS * 14, "major": N_ITEMS}
    counted = duckdb.sql(f"SELECT level, count(*) FROM '{ratings}' GROUP BY level").fetchall()
    assert dict(counted) == levels
    final = next(line for line in map(json.loads, items.read_text("utf-8").splitlines()) if line["state"] == "final")
    accuracy = next(one for one in final["criteria"] if one["criterion"] == "accuracy")
    assert (accuracy["level"], accuracy["method"], accuracy["n_ratings"]) == ("minor", "adjudicated", 3)


def open_cases(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).where(Case.state == CaseState.OPEN)) or 0
