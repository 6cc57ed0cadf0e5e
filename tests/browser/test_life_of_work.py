"""The life of a project's work by pages alone: after each act the figures, the queue and the export are right."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from evalhub.errors import Forbidden
from evalhub.export.schema.verify import verify_bundle
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment
from tests.browser.conftest import SignIn
from tests.jobs.work import work_off
from tests.review.test_adopt import grade
from tests.review.test_queue import GOOD, assert_sound
from tests.servers import Server, serving
from tests.web.client import a_person
from tests.world import World, a_project

pytestmark = [pytest.mark.browser, pytest.mark.slow]

N_ITEMS, N_GRADED, N_SAMPLE, N_OF_THE_MONTH = 20, 8, 3, 4
LEVELS = ("unacceptable", "adequate", "excellent")
MONTH = datetime.now(UTC) - timedelta(days=45)
"""When Ann sent in her first reviews; those of everybody else are of today."""


@dataclass
class Exported:
    """What a bundle that verifies says."""

    items: list[dict[str, Any]]
    """Scored ones and others."""
    manifest: dict[str, Any]

    @property
    def states(self) -> Counter[str]:
        return Counter(item["state"] for item in self.items)

    @property
    def by_id(self) -> dict[str, dict[str, Any]]:
        return {item["item_id"].removeprefix("i:"): item for item in self.items}

    @property
    def n_agreed(self) -> dict[str, int]:
        """Items on which the agreement of each criterion rests."""
        return {one["criterion"]: one["n_pairable"] for one in self.manifest["agreement"]}


@dataclass
class Office:
    """The admin's browser before a project of which Ann and Ben have graded 40 %; Cem is there to come."""

    page: Page
    world: World
    server: Server
    folder: Path
    sign_in: SignIn
    graded: list[str]
    """The items that both have graded, in order; they hold one more each."""
    exports: list[Exported] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.world.database

    def go(self, path: str = "") -> Page:
        self.page.goto(f"/projects/p{path}")
        return self.page

    def tile(self, label: str) -> str:
        """What a tile of the dashboard says."""
        page = self.go()
        found = page.locator(".tile").filter(has=page.get_by_text(label, exact=True))
        return " ".join(found.inner_text().split()).removeprefix(f"{label} ")

    def funnel(self) -> list[int]:
        """Imported, in review, scored, in adjudication, final."""
        stages = self.go().locator(".funnel > li").all_inner_texts()
        return [int(number[0]) for stage in stages if (number := re.search(r"\d+", stage))]

    def alpha(self, criterion: str) -> list[str]:
        """Value, interval and number of items of a criterion's alpha in the report."""
        page = self.go("/calibration")
        table = page.locator("table").filter(has=page.locator(f"caption:text('Figures of {criterion}')"))
        return [text.strip() for text in table.locator("tbody tr").first.locator("td").all_text_contents()][:3]

    def act(self, button: str, reason: str, said: str) -> None:
        """Give the reason, press the button, and read what was done."""
        self.page.locator("[name=reason]").fill(reason)
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page.get_by_role("status")).to_contain_text(said)

    def export(self) -> Exported:
        """Made by the page, downloaded, and verified."""
        page = self.go("/exports")
        page.get_by_role("button", name="Make the export").click()
        expect(page.get_by_role("status")).to_contain_text("The export is being made")
        work_off(self.database)
        with self.go("/exports").expect_download() as download:
            page.get_by_role("link", name=re.compile("^Download")).first.click()
        unpacked = self.folder / f"bundle-{len(self.exports)}"
        with zipfile.ZipFile(download.value.path()) as archive:
            archive.extractall(unpacked)
        bundle = next(unpacked.rglob("manifest.json")).parent
        verify_bundle(bundle)
        files = [bundle / "data" / name for name in ("items.jsonl", "unscored.jsonl")]
        lines = [json.loads(line) for file in files if file.exists() for line in file.read_text().splitlines()]
        self.exports.append(Exported(lines, json.loads((bundle / "manifest.json").read_text())))
        return self.exports[-1]


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path, sign_in: SignIn) -> Iterator[Office]:
    people = ["ann", "ben", "cem"]
    plan = OverlapPlan(base=2)
    world = a_project(sqlite_database, items=N_ITEMS, reviewers=people, adjudicators=[], overlap=plan)
    graded = {login: _grade(world, login) for login in ("ann", "ben")}
    assert graded["ann"] == graded["ben"]
    _put_into_the_past(world, "ann")
    root = a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
    with serving(sqlite_database, tmp_path, workers=1) as server:
        page = sign_in(server, sqlite_database, root.id, accept_downloads=True)
        yield Office(page, world, server, tmp_path, sign_in, graded["ann"])


def _grade(world: World, login: str) -> list[str]:
    """All levels in turn; of the last item Ben finds the clarity better than Ann."""
    graded = []
    for n in range(N_GRADED):
        lease = world.claim(login)
        assert lease is not None
        graded.append(world.item_of(lease))
        differs = login == "ben" and n == N_GRADED - 1
        world.submit(login, lease, {"accuracy": LEVELS[n % 3], "clarity": LEVELS[2 if differs else n % 3]})
    return graded


def _put_into_the_past(world: World, login: str) -> None:
    """What a reviewer submitted first is of another month."""
    of_login = Assignment.reviewer_id == world.people[login].id
    first = (
        sa.select(Assignment.task_id)
        .where(of_login, Assignment.submitted_at.is_not(None))
        .order_by(Assignment.submitted_at)
        .limit(N_OF_THE_MONTH)
    )
    with world.database.writer.begin() as connection:
        connection.execute(
            sa.update(Assignment).where(of_login, Assignment.task_id.in_(first)).values(submitted_at=MONTH)
        )


def test_a_flaw_is_mended_half_way_and_only_what_it_concerns_is_graded_anew(office: Office) -> None:
    clarity = office.alpha("Clarity")
    assert clarity[2] == office.alpha("Accuracy")[2] == str(N_GRADED)
    publish_the_second_version(office)
    adopt_it_with_a_sample(office)
    assert office.tile("Regraded").startswith(f"0 of {N_SAMPLE} ")
    assert office.tile("Reviews") == "16 of 46 planned"
    assert office.alpha("Is it right?") == ["–", "–", "0"]
    assert office.alpha("Clarity") == clarity

    grade_a_regrade_in_the_browser(office, "cem")
    grade(office.world, "cem", N_SAMPLE - 1)
    grade(office.world, "ann", 1 + N_SAMPLE)  # the one in her hands is finished on its version
    assert office.tile("Regraded").startswith(f"{N_SAMPLE} of {N_SAMPLE} ")
    assert office.alpha("Is it right?")[2] == str(N_SAMPLE)
    assert office.alpha("Clarity") == clarity
    each_score_names_its_version(office)
    assert_sound(office.world)


def publish_the_second_version(office: Office) -> None:
    page = office.page
    page.goto("/rubrics/answers/1")
    page.get_by_role("button", name="Edit as version 2").click()
    page.wait_for_url("**/rubrics/drafts/*")
    source = page.locator("#source")
    source.fill(source.input_value().replace("title: Accuracy", "title: Is it right?"))
    expect(page.locator("[data-form]")).to_contain_text("Is it right?")
    page.get_by_role("button", name=re.compile("^Publish")).click()
    expect(page.locator("main")).to_contain_text("Figures stop being comparable with version 1.")
    page.get_by_role("button", name="Publish version 2 for good").click()
    page.wait_for_url("**/rubrics/answers/2")


def adopt_it_with_a_sample(office: Office) -> None:
    page = office.go("/settings")
    page.get_by_role("link", name="adopt another version").click()
    page.get_by_label("Which version?").select_option(label="Version 2")
    page.get_by_role("button", name="Show what it would do").click()
    for said in ("2 items are in hand", "Asked otherwise: accuracy", "There are 9 to draw from"):
        expect(page.locator("main")).to_contain_text(said)
    page.get_by_label("Some are, drawn at random").check()
    page.locator("[name=n]").fill(str(N_SAMPLE))
    office.act("Adopt version 2", "It asked two things.", f"uses version 2 now. {N_SAMPLE} items are regraded.")


def grade_a_regrade_in_the_browser(office: Office, login: str) -> None:
    page = office.sign_in(office.server, office.database, office.world.people[login].id)
    page.get_by_role("button", name=re.compile("^(Start|Next item)")).first.click()
    page.wait_for_url("**/assignments/*")
    expect(page.locator("#regrade")).to_contain_text("only what version 2 of the rubric asks otherwise")
    expect(page.locator("fieldset.criterion legend")).to_contain_text(["Is it right?"])
    expect(page.locator("#review-form")).not_to_contain_text("Clarity")
    at = page.url
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != at)


def each_score_names_its_version(office: Office) -> None:
    page = office.go("/exports")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Record 1", exact=True).click()
    expect(page.locator("details[open] pre").first).to_contain_text("rubric_version")
    exported = office.export()
    versions = Counter(
        (item["rubric_version"], *((one["criterion"], one["rubric_version"]) for one in item["criteria"]))
        for item in exported.items
        if "criteria" in item
    )
    assert versions[1, ("accuracy", 1), ("clarity", 1)] >= N_GRADED - N_SAMPLE
    assert versions[2, ("accuracy", 2), ("clarity", 1)] == N_SAMPLE
    assert len(versions) == 2
    assert exported.n_agreed == {"accuracy": N_SAMPLE, "clarity": N_GRADED}
    assert [rubric["version"] for rubric in exported.manifest["rubrics"]] == [1, 2]


def test_figures_queue_and_export_are_right_after_somebody_leaves_an_item_breaks_and_a_month_is_voided(
    office: Office,
) -> None:
    world, graded = office.world, office.graded
    broken, cut_off = graded[N_OF_THE_MONTH], graded[N_OF_THE_MONTH + 1]
    assert (office.tile("Reviews"), office.funnel()) == ("16 of 40 planned", [20, 9, 8, 1, 7])

    remove(office, "Ben")
    assert (office.tile("Reviews"), office.funnel()) == ("16 of 40 planned", [20, 9, 8, 1, 7])
    with pytest.raises(Forbidden):
        world.claim("ben")

    withdraw(office, broken)
    assert (office.tile("Reviews"), office.funnel()) == ("14 of 38 planned", [20, 8, 7, 1, 6])
    assert office.tile("Taken out").startswith("1 ")
    assert office.alpha("Clarity")[2] == "7"

    replace(office, cut_off)
    assert (office.tile("Reviews"), office.funnel()) == ("12 of 38 planned", [20, 7, 6, 1, 5])
    assert office.alpha("Clarity")[2] == "6"
    exported = office.export()
    assert exported.states == {"adjudication_pending": 1, "final": 5, "incomplete": 13}
    assert (exported.manifest["withdrawn"], broken in exported.by_id) == (1, False)
    assert (exported.by_id[cut_off]["response"], exported.by_id[cut_off]["state"]) == ("All of it.", "incomplete")

    void_the_month(office, "Ann")
    assert (office.tile("Reviews"), office.funnel()) == ("8 of 38 planned", [20, 7, 2, 1, 1])
    assert office.alpha("Clarity")[2] == "2"
    assert office.export().states == {"adjudication_pending": 1, "final": 1, "incomplete": 17}

    others_grade_what_is_left(office, broken)


def remove(office: Office, name: str) -> None:
    page = office.go("/members")
    page.get_by_role("link", name=f"Remove {name}").click()
    for said in ("1 item goes back to the queue at once", f"{N_GRADED} stay and count", "no item more than now"):
        expect(page.locator("main")).to_contain_text(said)
    office.act("Remove from the project", "Gone to another team.", "Removed. The work they did stays.")
    assert name not in office.go().locator("#held-heading + *").inner_text()


def open_item(office: Office, item: str) -> Page:
    page = office.go("/items")
    page.get_by_role("link", name=item, exact=True).click()
    return page


def withdraw(office: Office, item: str) -> None:
    page = open_item(office, item)
    page.get_by_role("link", name=re.compile("^Withdraw")).click()
    expect(page.locator("main")).to_contain_text("Its ratings leave every figure")
    office.act("Withdraw", "Nobody can read it.", "its ratings count nowhere")


def replace(office: Office, item: str) -> None:
    page = open_item(office, item)
    page.get_by_role("link", name=re.compile("^Replace")).click()
    page.locator("[name=response]").fill("All of it.")
    office.act("Replace", "It was cut off.", "revision 2 is handed out")


def void_the_month(office: Office, name: str) -> None:
    page = office.go("/members")
    page.get_by_role("link", name="Void somebody").click()
    page.locator("[name=reviewer]").select_option(label=name)
    for limit, days in (("since", -15), ("until", 15)):
        page.locator(f"[name={limit}]").fill(f"{MONTH + timedelta(days=days):%Y-%m-%dT%H:%M:00}")
    page.get_by_role("button", name="Show what it would do").click()
    tile = page.locator(".tile").filter(has_text="Items that return to the queue")
    expect(tile).to_contain_text(str(N_OF_THE_MONTH))
    office.act(f"Void {N_OF_THE_MONTH} reviews", "Graded while ill.", f"{N_OF_THE_MONTH} reviews were voided")


def others_grade_what_is_left(office: Office, broken: str) -> None:
    """All but the withdrawn item get their two reviews: Cem's where Ann's were voided, both where nobody had begun."""
    world = office.world
    n_open = N_ITEMS - N_GRADED + 1  # those that nobody had finished, and the replaced one
    assert world.review_all("cem", GOOD) == n_open + N_OF_THE_MONTH
    assert world.review_all("ann", GOOD) == n_open
    assert office.tile("Reviews") == "38 of 38 planned"
    assert office.funnel()[:3] == [20, 19, 19]
    exported = office.export()
    assert "incomplete" not in exported.states
    assert (len(exported.items), broken in exported.by_id) == (19, False)
    assert set(exported.n_agreed.values()) == {19}
    assert_sound(world)
