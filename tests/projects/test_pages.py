"""Making a project in the browser: what counts as a dispute, in plain words."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.projects.schema import Flags, ProjectRole, Rules
from evalhub.projects.service import set_member
from evalhub.web.session import write
from tests.web.client import Browser, a_person, app_for
from tests.world import MOMENT, RUBRIC, a_project

PASSING = RUBRIC + b"pass: {level_at_least: adequate}\n"


@pytest.fixture
def admin(sqlite_database: Database) -> Browser:
    a_project(sqlite_database, items=1, rubric=PASSING)
    return Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "root", role=InstanceRole.ADMIN))


def fields(**more: Any) -> dict[str, Any]:
    given = {"name": "q", "dataset": "p-items", "rubric": "answers@1", "reviewers": "2", "order": "random"}
    return given | {"lease_minutes": "45", **more}


def made(browser: Browser) -> Rules:
    with browser.database.reading() as session:
        return rules_of(session.scalars(sa.select(Project).where(Project.name == "q")).one())


def test_the_form_offers_the_rules_in_words_with_the_four_usual_ones_on(admin: Browser) -> None:
    page = admin.get("/projects/new")
    for words in ("What counts as a dispute", "Two levels apart or more", "Ask one more reviewer before"):
        assert words in page.text
    assert page.html.count(" checked") == 4


def test_the_rules_that_were_ticked_are_those_of_the_project(admin: Browser) -> None:
    admin.get("/projects/new")
    admin.post("/projects", fields(flags=["span", "pass_flip"], influence="0.02", one_more="y"))
    assert made(admin) == Rules(flags=Flags.named({"span", "pass_flip"}, influence=0.02), one_more=True)


def test_what_is_left_empty_is_off(admin: Browser) -> None:
    admin.get("/projects/new")
    admin.post("/projects", fields())
    assert made(admin) == Rules(flags=Flags.named(set()))


@pytest.mark.parametrize("influence", ["0", "-1", "1.5", "nan", "inf", "a lot"])
def test_an_influence_that_is_no_share_of_alpha_is_refused_at_its_field(admin: Browser, influence: str) -> None:
    admin.get("/projects/new")
    answer = admin.post("/projects", fields(influence=influence), status=422)
    assert b'id="influence-error"' in answer.data


def test_a_flip_that_nothing_can_make_is_refused_at_its_field(sqlite_database: Database) -> None:
    a_project(sqlite_database, items=1)
    browser = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "root", role=InstanceRole.ADMIN))
    browser.get("/projects/new")
    answer = browser.post("/projects", fields(flags=["pass_flip"]), status=422)
    assert b"neither the rubric nor the project has a pass rule" in answer.data
    assert b'<a href="#flags">' in answer.data


def test_rules_that_were_stored_before_there_were_new_ones_still_hold() -> None:
    stored = {"consensus": "middle", "flags": {"span": False, "critical": True, "applicability": True}}
    assert Rules.model_validate(stored) == Rules(flags=Flags(span=False))


def test_the_form_says_what_pairs_need_and_what_they_exclude(admin: Browser) -> None:
    page = admin.get("/projects/new")
    assert "with the same pair_id, prompt and skills" in page.text
    assert "takes no gold items" in page.text


def test_admins_choose_a_member_from_the_people_and_managers_do_not_learn_who_there_is(
    sqlite_database: Database,
) -> None:
    world = a_project(sqlite_database, items=1)
    root = a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
    away, meg = a_person(sqlite_database, "away"), a_person(sqlite_database, "meg")

    def arrange(session: Session) -> None:
        session.get_one(Account, away.id).disabled_at = MOMENT
        set_member(session, world.project.id, meg.id, {ProjectRole.MANAGER}, by=None, now=MOMENT)

    write(arrange, on=sqlite_database)
    app = app_for(sqlite_database)
    page = Browser(app).sign_in_as(root).get("/projects/p/members")
    offered = re.findall(r'<option value="([^"]+)">', page.html.partition('<datalist id="people">')[2])
    assert 'list="people"' in page.html
    assert {"ann", "ben", "meg", "root"} <= set(offered)
    assert "away" not in offered
    assert "root" not in Browser(app).sign_in_as(meg).get("/projects/p/members").html
