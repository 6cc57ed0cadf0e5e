"""The page that compares models."""

from __future__ import annotations

from threading import Event

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.jobs.models import Job
from evalhub.jobs.running import run_taken
from evalhub.jobs.service import take
from evalhub.reports.service.comparison import compare_models
from evalhub.web.session import write
from evalhub.wiring import JOBS
from tests.reports.worlds import BAD, GOOD, graded, with_viewer
from tests.web.client import Browser, Page, app_for
from tests.world import MOMENT, RUBRIC, World, a_project

PAGE = "/projects/p/models"


def withdraw(session: Session, world: World, external_id: str) -> None:
    item = session.scalars(
        sa.select(Item).where(Item.dataset_id == world.project.dataset_id, Item.external_id == external_id)
    ).one()
    item.withdrawn_at = MOMENT


def browser_of(world: World, login: str = "vera") -> Browser:
    return Browser(app_for(world.database)).sign_in_as(world.people[login])


def page_of(world: World) -> Page:
    return browser_of(world).get(PAGE)


def test_the_page_names_models_pairs_and_what_can_be_seen(sqlite_database: Database) -> None:
    page = page_of(graded(sqlite_database, {"good": GOOD, "bad": BAD}))
    for words in ("good scores above bad", "bad − good", "The smallest difference that it can see", "p (Holm)"):
        assert words in page.text
    assert page.html.count('<svg class="chart') == 4


def test_each_chart_is_described_and_has_its_numbers_and_files(sqlite_database: Database) -> None:
    browser = browser_of(graded(sqlite_database, {"good": GOOD, "bad": BAD}))
    page = browser.get(PAGE)
    for name in ("scores", "differences", "passed", "levels"):
        assert f'aria-labelledby="chart-{name}-t chart-{name}-d"' in page.html
        svg = browser.client.get(f"{PAGE}/charts/{name}.svg")
        assert (svg.status_code, svg.mimetype) == (200, "image/svg+xml")
        csv = browser.client.get(f"{PAGE}/charts/{name}.csv")
        assert csv.text.splitlines()[0].startswith(("Model", "Pair"))
    assert page.html.count('<details class="numbers">') == 4
    assert browser.client.get(f"{PAGE}/charts/nothing.csv").status_code == 404


def test_without_a_pass_rule_nothing_passes_or_fails(sqlite_database: Database) -> None:
    page = page_of(graded(sqlite_database, {"good": GOOD, "best": ("excellent",)}, rubric=RUBRIC, prompts=2))
    assert "Pass rate" not in page.text


def test_with_too_few_prompts_the_page_says_how_many_are_needed(sqlite_database: Database) -> None:
    page = page_of(graded(sqlite_database, {"good": GOOD, "fair": GOOD[:1], "bad": BAD}, prompts=4))
    assert "No difference can be seen with so few prompts: 7 are needed for 3 models." in page.text
    assert "none: 7 prompts needed" in page.text


def test_each_model_stands_on_the_prompts_that_all_have_scores_on(sqlite_database: Database) -> None:
    world = graded(sqlite_database, {"good": GOOD, "bad": BAD}, prompts=8)
    write(lambda session: withdraw(session, world, "m1-0"), on=sqlite_database)
    with sqlite_database.reading() as session:
        found = compare_models(session, world.project)
    assert found.basis.n_common == 7
    assert [one.score.n_groups for one in found.scores.models] == [7, 7]
    assert "Each model, on the 7 prompts that all have scores on" in page_of(world).text


def test_with_fewer_than_six_common_prompts_the_page_warns(sqlite_database: Database) -> None:
    page = page_of(graded(sqlite_database, {"good": GOOD, "bad": BAD}, prompts=5))
    assert "each stands on prompts of its own: compare the pairs" in page.text


def test_one_model_alone_is_shown_and_compared_with_nothing(sqlite_database: Database) -> None:
    page = page_of(graded(sqlite_database, {"only": GOOD}, prompts=2))
    assert "There is only one model: only" in page.text


def test_items_without_a_model_name_say_what_to_do(sqlite_database: Database) -> None:
    assert "do not say which model answered" in page_of(graded(sqlite_database, {None: GOOD}, prompts=2)).text


def test_before_any_review_the_page_says_when_models_show(sqlite_database: Database) -> None:
    assert "as soon as items have been graded" in page_of(with_viewer(a_project(sqlite_database))).text


def test_reviewers_may_not_see_models_and_strangers_do_not_learn_of_the_project(sqlite_database: Database) -> None:
    world = graded(sqlite_database, {"good": GOOD}, prompts=2)
    assert browser_of(world, "ann").client.get(PAGE).status_code == 403
    assert browser_of(world).client.get("/projects/other/models").status_code == 404


def test_a_large_project_is_compared_in_the_background_once(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhub.calibration.queries.size.SMALL", 0)
    world = graded(sqlite_database, {"good": GOOD, "bad": BAD}, prompts=2)
    browser = browser_of(world)
    assert "compared in the background" in browser.get(PAGE).text
    first = browser.post(PAGE)
    second = browser.post(PAGE)
    assert first.headers["Location"] == second.headers["Location"]
    assert "Waits for a worker" in browser.get(PAGE).text
    with sqlite_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


def test_what_was_compared_in_the_background_is_shown_and_can_be_made_anew(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhub.calibration.queries.size.SMALL", 0)
    world = graded(sqlite_database, {"good": GOOD, "bad": BAD})
    browser = browser_of(world)
    browser.get(PAGE)
    browser.post(PAGE)
    with sqlite_database.reading() as session:
        job_id = session.scalars(sa.select(Job.id)).one()
    taken = write(lambda session: take(session, job_id), on=sqlite_database)
    assert taken is not None
    run_taken(sqlite_database, JOBS, taken, stopping=Event())
    page = browser.get(PAGE)
    assert "good scores above bad" in page.text
    assert "Compare them anew" in page.text


def test_the_project_s_page_leads_to_its_models(sqlite_database: Database) -> None:
    browser = browser_of(graded(sqlite_database, {"good": GOOD}, prompts=2))
    assert PAGE in browser.get("/projects/p").links
