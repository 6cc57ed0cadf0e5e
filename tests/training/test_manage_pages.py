"""What managers see and change of training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import ProjectRole
from evalhub.training.models import Use
from evalhub.training.queries.certificates import certificate_of, stands
from evalhub.training.queries.references import golds_of
from evalhub.training.queries.settings import settings_of
from tests.training.worlds import RIGHT, WRONG, a_training, begin, grade
from tests.web.client import Browser, app_for
from tests.world import World, with_roles

Visit = Callable[[str], Browser]
AT = "/projects/p/training/manage"
SETTINGS = {
    "gold_share": "0.1",
    "practice_items": "4",
    "retake_hours": "2",
    "p_low": "0.4",
    "p_high": "0.9",
    "alpha": "0.1",
    "beta": "0.1",
    "near": "0.1",
    "false_alarm": "0.05",
}


@pytest.fixture
def world(sqlite_database: Database) -> World:
    made = a_training(sqlite_database, items=3, gold={Use.QUALIFICATION: 5, Use.PRACTICE: 1}, overlap=2)
    return with_roles(made, "meg", ProjectRole.MANAGER)


@pytest.fixture
def visit(world: World) -> Visit:
    app = app_for(world.database)
    return lambda login: Browser(app).sign_in_as(world.people[login])


def test_managers_see_items_people_and_the_rule(world: World, visit: Visit) -> None:
    begin(world, "ann", Use.QUALIFICATION)
    grade(world, "ann", [RIGHT, WRONG, RIGHT, RIGHT, RIGHT])
    page = visit("meg").get(AT)
    for words in ("source-id-3", "Accuracy: Adequate", "4 of 5 right", "4 right of 5 items pass"):
        assert words in page.text


def test_reviewers_do_not_see_the_references(visit: Visit) -> None:
    visit("ann").get(AT, status=403)


def test_too_few_items_are_told_with_what_is_possible(world: World, visit: Visit) -> None:
    sent = SETTINGS | {"p_low": "0.5", "show": "y"}
    shown = visit("meg").post(f"{AT}/settings", sent)
    page = visit("meg").get(shown.headers["Location"])
    assert "add 4 more" in page.text
    assert "not saved yet" in page.text
    with world.database.reading() as session:
        assert settings_of(session, session.get_one(Project, world.project.id)).rule.p_low == 0.4


def test_settings_are_saved(world: World, visit: Visit) -> None:
    sent = SETTINGS | {"save": "y", "requires_certificate": "y"}
    visit("meg").post(f"{AT}/settings", sent)
    with world.database.reading() as session:
        found = settings_of(session, session.get_one(Project, world.project.id))
    assert (found.gold_share, found.practice_items, found.requires_certificate) == (0.1, 4, True)


def test_rates_that_no_test_can_keep_are_refused_with_everything_typed(visit: Visit) -> None:
    page = visit("meg").post(f"{AT}/settings", SETTINGS | {"p_low": "0.9", "p_high": "0.89", "save": "y"}, status=422)
    assert "P_low must be below p_high" in page.get_data(as_text=True)
    assert 'value="0.89"' in page.get_data(as_text=True)


def test_items_are_added_all_or_none(world: World, visit: Visit) -> None:
    page = visit("meg").post(f"{AT}/items", {"items": "source-id-0\nnothing", "use": "gold", "note": ""}, status=422)
    assert "source-id-0" in page.get_data(as_text=True)
    with world.database.reading() as session:
        assert golds_of(session, world.project.id, use=Use.GOLD) == []


def test_a_manager_grades_a_reference_on_the_review_form(world: World, visit: Visit) -> None:
    browser = visit("meg")
    url = f"{AT}/reference?item=source-id-0&use=gold"
    page = browser.get(url)
    assert "Answer number 0." in page.text
    sent = {
        "lease": "reference",
        "rubric_version": "1",
        "idempotency_key": "0" * 32,
        "level-accuracy": "excellent",
        "note-accuracy": "It is right.",
        "note": "Ours",
    }
    missing = browser.post(url, sent, status=422)
    assert "It is right." in missing.get_data(as_text=True)
    browser.post(url, sent | {"level-clarity": "__na__"})
    with world.database.reading() as session:
        line = golds_of(session, world.project.id, use=Use.GOLD)[0]
    assert line.reference["accuracy"].known.rank == 2
    assert line.reference["accuracy"].reason == "It is right."
    assert line.reference["clarity"].known.is_not_applicable
    edited = browser.get(f"{AT}/items/{line.gold.public_id}/reference")
    assert "It is right." in edited.text
    other = sent | {"level-accuracy": "adequate", "level-clarity": "adequate"}
    browser.post(f"{AT}/items/{line.gold.public_id}/reference", other)
    with world.database.reading() as session:
        changed = golds_of(session, world.project.id, use=Use.GOLD)
    assert [one.reference["accuracy"].known.rank for one in changed] == [1]


def test_an_item_is_taken_out(world: World, visit: Visit) -> None:
    with world.database.reading() as session:
        gold = golds_of(session, world.project.id, use=Use.PRACTICE)[0].gold.public_id
    visit("meg").post(f"{AT}/items/{gold}/retire")
    with world.database.reading() as session:
        assert golds_of(session, world.project.id, use=Use.PRACTICE) == []


def test_a_certificate_is_granted_and_withdrawn_with_a_reason(world: World, visit: Visit) -> None:
    ann = world.people["ann"]
    people = f"{AT}/people/{ann.public_id}"
    visit("meg").post(f"{people}/grant", {"reason": ""}, status=422)
    for act, is_certified in (("grant", True), ("withdraw", False)):
        visit("meg").post(f"{people}/{act}", {"reason": "Because."})
        with world.database.reading() as session:
            project = session.get_one(Project, world.project.id)
            assert stands(certificate_of(session, project.id, ann.id), project) is is_certified
    assert "Because." in visit("meg").get(AT).text
