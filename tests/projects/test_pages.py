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
from evalhub.projects.schema import Flags, PassRule, ProjectRole, Rules
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
    offered = set(re.findall(r'name="people" type="checkbox" value="([^"]+)"', page.html))
    assert "root" in offered
    assert not offered & {"ann", "ben", "meg", "away"}, "they take part already, or have been disabled"
    assert "root" not in Browser(app).sign_in_as(meg).get("/projects/p/members").html


def test_the_only_dataset_and_the_newest_version_are_chosen_and_the_work_is_reckoned(admin: Browser) -> None:
    page = admin.get("/projects/new")
    assert '<option selected value="p-items">p-items (1 items)' in page.html
    assert '<option selected value="answers@1">' in page.html
    assert "With 1 item: 2 reviews, about" in page.text


def test_reckoning_again_makes_nothing_and_keeps_what_was_typed(admin: Browser) -> None:
    admin.get("/projects/new")
    answer = admin.post("/projects", fields(name="", title="Typed", reviewers="5", reckon="yes"), status=200)
    assert b"With 1 item: 5 reviews" in answer.data
    assert b'value="Typed"' in answer.data
    assert b"error-summary" not in answer.data


def test_enter_makes_the_project(admin: Browser) -> None:
    form = admin.get("/projects/new").html.partition('action="/projects"')[2]
    first_button = re.findall(r'<button[^>]*type="submit"[^>]*>([^<]+)', form)[0]
    assert first_button.strip() == "Make the project"


def test_who_was_ticked_takes_part_and_what_was_chosen_holds(admin: Browser) -> None:
    admin.get("/projects/new")
    more = {"graders": ["ann", "judy"], "settlers": ["judy"], "pass_score": "0.5", "hide_reference": "y"}
    admin.post("/projects", fields(**more))
    assert made(admin).pass_rule == PassRule(score_at_least=0.5)
    assert not made(admin).show_reference
    page = admin.get("/projects/q/members")
    assert "Judy" in page.text
    assert "adjudicator, reviewer" in page.text


def test_a_score_and_a_level_to_pass_are_one_too_many_and_everything_typed_stays(admin: Browser) -> None:
    admin.get("/projects/new")
    both = fields(pass_score="0.5", pass_level="adequate", title="Still here", graders=["ann"])
    answer = admin.post("/projects", both, status=422)
    assert b'id="pass_level-error"' in answer.data
    assert b'value="Still here"' in answer.data
    assert re.search(rb'checked[^>]*name="graders"[^>]*value="ann"', answer.data)


def test_a_hidden_reference_reaches_no_reviewer(sqlite_database: Database) -> None:
    item = {"id": "a", "prompt": "Q", "response": "A", "reference": "the canary of the reference"}
    for name, shows in (("shown", True), ("hidden", False)):
        rules = Rules(show_reference=shows)
        world = a_project(
            sqlite_database, items=[item], name=name, rules=rules, reviewers=[f"ann-{name}"], adjudicators=[]
        )
        browser = Browser(app_for(sqlite_database)).sign_in_as(world.people[f"ann-{name}"])
        lease = world.claim(f"ann-{name}")
        assert lease is not None
        assert ("canary" in browser.get(f"/assignments/{lease.assignment}").html) is shows


def test_many_are_taken_in_at_once_or_nobody_is(admin: Browser) -> None:
    for login in ("cy", "dee"):
        a_person(admin.database, login)
    admin.get("/projects/p/members")
    refused = admin.post("/projects/p/members", {"logins": "cy\nnobody", "roles": "reviewer"}, status=422)
    assert b"Nobody signs in as &#34;nobody&#34;" in refused.data
    assert b"cy\nnobody</textarea>" in refused.data
    assert "Cy" not in admin.get("/projects/p/members?role=reviewer").text.split("Take people in")[0]
    admin.post("/projects/p/members", {"logins": "Cy, \n", "people": "dee", "roles": ["reviewer", "viewer"]})
    page = admin.get("/projects/p/members")
    assert page.html.count("<td>reviewer, viewer</td>") == 2


def test_a_role_is_changed_in_the_list_and_at_least_one_stays(admin: Browser) -> None:
    page = admin.get("/projects/p/members?q=ann")
    action = next(form["action"] for form in page.forms if form["action"].endswith("/roles"))
    admin.post(action, {"roles": ["viewer"]})
    admin.post(action, {}, status=422)
    assert "viewer" in admin.get("/projects/p/members?q=ann").text.split("Take people in")[0]


def test_it_is_said_beforehand_what_a_removal_does_and_a_removed_member_is_taken_back(admin: Browser) -> None:
    page = admin.get("/projects/p/members?q=ann")
    path = next(link for link in page.links if link.endswith("/remove"))
    said = admin.get(path)
    assert "on nothing just now" in said.text
    assert "1 item more can then no longer get all their reviewers" in said.text
    admin.post(path, {"reason": ""}, status=422)
    admin.post(path, {"reason": "moved on"})
    page = admin.get("/projects/p/members")
    assert "1 item has too few people left now" in page.text
    admin.get(path, status=404)
    admin.post(path.replace("/remove", "/back"))
    assert "Taken part before" not in admin.get("/projects/p/members").text


def test_settings_that_somebody_else_changed_meanwhile_are_shown_beside_mine(admin: Browser) -> None:
    mine = admin.get("/projects/p/settings").form("/projects/p/settings")
    admin.post("/projects/p/settings", {**mine, "title": "Theirs"})
    answer = admin.post("/projects/p/settings", {**mine, "title": "Mine"}, status=409)
    page = answer.get_data(as_text=True)
    assert "title “Theirs”" in page
    assert 'value="Mine"' in page
    again = re.search(r'name="seen" type="hidden" value="(\w+)"', page)
    assert again
    admin.post("/projects/p/settings", {**mine, "title": "Mine", "seen": again[1]})
    assert "Settings of Mine" in admin.get("/projects/p/settings").text


def test_a_setting_that_cannot_be_is_refused_at_its_field(admin: Browser) -> None:
    mine = admin.get("/projects/p/settings").form("/projects/p/settings")
    answer = admin.post("/projects/p/settings", {**mine, "lease_minutes": "0", "title": "Kept"}, status=422)
    assert b'id="lease_minutes-error"' in answer.data
    assert b'value="Kept"' in answer.data


def test_a_batch_is_changed_closed_and_opened_on_the_settings_page(admin: Browser) -> None:
    page = admin.get("/projects/p/settings")
    action = next(form["action"] for form in page.forms if re.fullmatch(r"/projects/p/batches/\d+", form["action"]))
    fields_of = page.form(action)
    prefix = next(name for name in fields_of if name.endswith("-name")).removesuffix("name")
    refused = admin.post(action, {**fields_of, f"{prefix}priority": "101"}, status=422)
    assert f'id="{prefix}priority-error"'.encode() in refused.data
    admin.post(action, {**fields_of, f"{prefix}name": "First lot", f"{prefix}priority": "5"})
    assert "First lot" in admin.get("/projects/p/settings").text
    admin.post(f"{action}/close")
    admin.post(f"{action}/close", status=409)
    admin.get("/projects/p/settings")
    admin.post(f"{action}/reopen")


def test_closing_says_how_many_are_at_work(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    world.claim("ann")
    root = a_person(sqlite_database, "root", role=InstanceRole.ADMIN)
    browser = Browser(app_for(sqlite_database)).sign_in_as(root)
    assert "1 item is being graded just now" in browser.get("/projects/p/settings").text
    browser.post("/projects/p/close")
    assert "Items of open batches are handed out again" in browser.get("/projects/p/settings").text


def test_only_managers_see_settings_and_removals(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    ann = Browser(app_for(sqlite_database)).sign_in_as(world.people["ann"])
    ann.get("/projects/p/settings", status=403)
    ann.get(f"/projects/p/members/{world.people['ben'].public_id}/remove", status=403)
    stranger = Browser(app_for(sqlite_database)).sign_in_as(a_person(sqlite_database, "stranger"))
    stranger.get("/projects/p/settings", status=404)
