"""The calibration page, its files, and the same figures for programs."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy.orm import Session

from evalhub.calibration.queries import size
from evalhub.calibration.service import full_report
from evalhub.calibration.service.stored import keep_report
from evalhub.db import Database
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import set_member
from evalhub.web.session import write
from tests.adjudication.worlds import differing
from tests.web.client import Browser, Page, app_for
from tests.world import MOMENT, World, a_project, with_roles

PAGE = "/projects/p/calibration"
PARTS = ("In short", "What to do next", "How reliable the grades are", "Criterion by criterion", "Disputed items")
PARTS_OF_A_CRITERION = (
    "Which sentence of the rubric",
    "How strict or lenient",
    "Use of the levels",
    "Given where the others agree",
    "Who agrees with whom",
    "Week by week",
    "All figures of Accuracy",
)


def as_(world: World, login: str) -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def page_of(world: World, login: str = "vera", query: str = "") -> Page:
    return as_(world, login).get(PAGE + query)


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Twelve items, graded by three; no test here changes its ratings."""
    path = tmp_path_factory.mktemp("pages") / "evalhub.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    found = differing(database, {"accuracy": "unacceptable"}, {"clarity": None}, {}, items=12)
    yield with_roles(with_roles(found, "vera", ProjectRole.VIEWER), "mia", ProjectRole.MANAGER)
    database.close()


def test_the_page_has_every_part_and_begins_with_what_to_do(world: World) -> None:
    page = page_of(world)
    headings = re.findall(r"<h2 [^>]*>([^<]+)</h2>", page.html)
    assert headings == [*PARTS, "How it was made", "Files to hand on"]
    assert all(part in page.text for part in PARTS_OF_A_CRITERION)


def test_a_chart_says_on_what_it_rests_and_has_its_numbers_in_a_table(world: World) -> None:
    html = page_of(world).html
    drawings = [ElementTree.fromstring(svg) for svg in re.findall(r'<svg class="chart.*?</svg>', html, re.DOTALL)]
    assert len(drawings) >= 8
    for drawing in drawings:
        assert drawing.findtext("title")
        assert re.search(r"\d+ .*rubric answers, version 1\.", drawing.findtext("desc") or "")
    assert html.count("Numbers of: ") >= 2 * len(drawings) - 2


def test_before_any_rating_the_page_says_what_to_do(sqlite_database: Database) -> None:
    world = with_roles(a_project(sqlite_database), "vera", ProjectRole.VIEWER)
    assert "No ratings yet" in page_of(world).text


def test_with_too_few_items_figures_are_grey_and_the_reason_stands_in_their_place(sqlite_database: Database) -> None:
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {}, items=3)
    page = page_of(with_roles(world, "vera", ProjectRole.VIEWER))
    assert "Accuracy (too few items), Clarity (undefined)" in page.text
    assert "only one level occurs" in page.text
    assert 'class="c-dot-weak"' in page.html
    assert 'class="c-because"' in page.html


def test_one_criterion_is_shown_with_each_of_its_reviewers(world: World) -> None:
    page = page_of(world, query="?criterion=clarity")
    assert "Only Clarity is shown in detail" in page.text
    assert "Each reviewer where the others agree" in page.text
    assert 'id="c-clarity"' in page.html
    assert 'id="c-accuracy"' not in page.html
    as_(world, "vera").get(f"{PAGE}?criterion=nope", status=404)


def test_reviewers_may_not_see_the_figures_nor_their_files(world: World) -> None:
    browser = as_(world, "r1")
    for path in ("", "/report.html", "/report.json", "/charts/alpha.svg", "/charts/alpha.csv"):
        browser.get(PAGE + path, status=403)


def test_only_managers_are_offered_to_hand_out_more_items(sqlite_database: Database) -> None:
    world = differing(sqlite_database, {}, items=12)
    with_roles(world, "mia", ProjectRole.MANAGER)
    with_roles(world, "vera", ProjectRole.VIEWER)
    action = f"{PAGE}/more-items"
    assert page_of(world, "mia").form(action)["n"].isdecimal()
    assert all(form["action"] != action for form in page_of(world, "vera").forms)


def test_where_every_item_has_two_reviewers_new_items_are_asked_for_instead(world: World) -> None:
    page = page_of(world, "mia")
    assert "so new items are needed; an admin can import some" in page.text
    assert all(form["action"] != f"{PAGE}/more-items" for form in page.forms)


def test_disputed_items_link_to_their_case_for_those_who_may_open_it(world: World) -> None:
    assert [link for link in page_of(world, "mia").links if link.startswith("/cases/")]
    viewer = page_of(world, "vera")
    assert not [link for link in viewer.links if link.startswith("/cases/")]
    assert "far apart" in viewer.text


def test_who_may_still_grade_an_item_sees_neither_it_nor_its_answers(sqlite_database: Database) -> None:
    """Blindness beats role: the viewer is a reviewer whose queue still holds the items."""
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {}, items=12, overlap=OverlapPlan(base=3))
    with_roles(world, "mia", ProjectRole.MANAGER)
    shown = page_of(world, "mia")
    assert "1 × Unacceptable" in shown.text

    def take_in(session: Session) -> None:
        roles = {ProjectRole.REVIEWER, ProjectRole.MANAGER}
        set_member(session, world.project.id, world.people["mia"].id, roles, by=None, now=MOMENT)

    write(take_in, on=world.database)
    blind = as_(world, "mia")
    assert "×" not in re.sub(r"\(below .*?\)", "", blind.get(PAGE).text)
    document = json.loads(blind.client.get(f"{PAGE}/report.json", base_url=blind.base_url).data)
    assert document["triage"]["items"] == []
    assert not [one["items"] for criterion in document["criteria"] for one in criterion["boundaries"] if one["items"]]
    named = blind.client.get(f"{PAGE}/report.html?names=1", base_url=blind.base_url).get_data(as_text=True)
    assert "Reviewer" in named
    assert "source-id" not in named


def test_the_page_names_no_source_and_no_model(world: World) -> None:
    html = page_of(world, "mia").html
    assert "source-id" not in html
    assert "hidden-model" not in html


@pytest.mark.parametrize("name", ["alpha", "overall"])
def test_charts_of_the_report_can_be_kept(world: World, name: str) -> None:
    client, base = as_(world, "vera").client, "http://localhost"
    svg = client.get(f"{PAGE}/charts/{name}.svg", base_url=base)
    assert svg.mimetype == "image/svg+xml"
    assert f'filename="p-{name}.svg"' in svg.headers["Content-Disposition"]
    assert ElementTree.fromstring(svg.data).tag.endswith("}svg")
    table = client.get(f"{PAGE}/charts/{name}.csv", base_url=base)
    assert table.mimetype == "text/csv"
    assert table.get_data(as_text=True).splitlines()[0].split(",")[1] == "Alpha"


def test_charts_of_a_criterion_can_be_kept_as_the_page_links_them(world: World) -> None:
    browser = as_(world, "vera")
    links = [link for link in browser.get(f"{PAGE}?criterion=accuracy").links if "/charts/" in link]
    assert {link.rsplit("/", 1)[1].split(".")[0] for link in links} >= {
        "severity",
        "levels",
        "confusion",
        "kappa",
        "weeks",
    }
    for link in links:
        assert browser.client.get(link, base_url=browser.base_url).status_code == 200, link
    assert browser.client.get(f"{PAGE}/charts/nothing.svg", base_url=browser.base_url).status_code == 404
    assert browser.client.get(f"{PAGE}/charts/kappa.svg?criterion=nope", base_url=browser.base_url).status_code == 404


def test_the_report_can_be_kept_as_one_file_without_names(world: World) -> None:
    client = as_(world, "vera").client
    response = client.get(f"{PAGE}/report.html", base_url="http://localhost")
    html = response.get_data(as_text=True)
    assert "attachment" in response.headers["Content-Disposition"]
    assert "Reviewer A" in html
    assert "R1" not in html
    named = client.get(f"{PAGE}/report.html?names=1", base_url="http://localhost").get_data(as_text=True)
    assert "R1" in named


def test_the_json_document_is_that_of_the_command_line(world: World) -> None:
    found = as_(world, "vera").client.get(f"{PAGE}/report.json", base_url="http://localhost").get_json()
    assert found["schema"] == "evalhub.calibration/2"
    assert [one["criterion"] for one in found["criteria"]] == ["accuracy", "clarity"]


@pytest.fixture
def large(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same project, held for too large to compute its report for every page."""
    monkeypatch.setattr(size, "SMALL", 19)
    return world


def test_a_large_project_shows_alpha_at_once_and_offers_to_make_the_rest(large: World) -> None:
    page = page_of(large)
    assert "How reliable the grades are" in page.text
    assert "leave out one item at a time" in page.text
    assert "What the full report adds" in page.text
    assert any(form["action"] == f"{PAGE}/reports" for form in page.forms)
    browser = as_(large, "vera")
    files = {"charts/alpha.csv": 200, "report.json": 404, "charts/kappa.csv?criterion=accuracy": 404}
    found = {name: browser.client.get(f"{PAGE}/{name}", base_url=browser.base_url).status_code for name in files}
    assert found == files


def test_a_report_that_is_being_made_shows_how_far_it_is(large: World) -> None:
    browser = as_(large, "vera")
    browser.get(PAGE)
    assert browser.post(f"{PAGE}/reports").headers["Location"] == PAGE
    page = browser.get(PAGE)
    assert "<progress" in page.html
    assert all(form["action"] != f"{PAGE}/reports" for form in page.forms)
    browser.post(next(form["action"] for form in page.forms if form["action"].endswith("/cancel")))
    assert "Cancelled" in browser.get(PAGE).text


def test_a_kept_report_says_when_it_was_made_and_what_came_since(sqlite_database: Database, large: World) -> None:
    world = differing(sqlite_database, {"accuracy": "unacceptable"}, {}, items=12, overlap=OverlapPlan(base=3))
    with_roles(world, "vera", ProjectRole.VIEWER)

    def keep(session: Session) -> None:
        found = full_report(session, world.project.id)
        keep_report(session, world.project.id, found, public_id="kept", n_ratings=40, by_id=None)

    write(keep, on=sqlite_database)
    page = page_of(world)
    assert "8 ratings have come since" in page.text
    assert "Disputed items" in page.text
    assert any(form["action"] == f"{PAGE}/reports" for form in page.forms)
