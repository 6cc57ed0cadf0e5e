from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.accounts.models import Account
from evalhub.accounts.queries import settings_of
from evalhub.accounts.schema import (
    KEY_ACTIONS,
    SPACE,
    Density,
    Goal,
    PersonalSettings,
    TextSize,
    clean_key,
    key_clashes,
)
from evalhub.accounts.service import change_settings
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.web.session import write
from tests.web.client import Browser, Page, a_person

PATH = "/account/display"
DEFAULTS = {f"key_{action.name}": action.key for action in KEY_ACTIONS}
CHOSEN = {"text_size": "normal", "density": "comfortable", "show_clock": "y", "single_keys": "y", **DEFAULTS}


def test_only_what_differs_is_stored_and_every_page_shows_it(
    ann: Account, admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(ann)
    browser.get(PATH)
    browser.post(PATH, {**CHOSEN, "text_size": "large", "density": "compact", "key_note": "E"})
    with sqlite_database.reading() as session:
        settings = settings_of(session, ann.id)
        assert settings_of(session, admin.id) == PersonalSettings()
    assert settings == PersonalSettings(text_size=TextSize.LARGE, density=Density.COMPACT, keys={"note": "e"})
    page = browser.get("/projects")
    assert 'data-text-size="large" data-density="compact"' in page.html
    assert browser.get(PATH).form(PATH)["key_note"] == "e"


def test_two_actions_cannot_share_a_key(ann: Account, browser: Browser, sqlite_database: Database) -> None:
    browser.sign_in_as(ann)
    page = Page(browser.post(PATH, {**CHOSEN, "text_size": "larger", "key_note": "j"}, status=422))
    assert "This key is taken: next criterion" in page.text
    assert page.form(PATH)["key_note"] == "j"
    with sqlite_database.reading() as session:
        assert settings_of(session, ann.id) == PersonalSettings()


@pytest.mark.parametrize(("typed", "says"), [("3", "Digits give levels"), ("Enter", "one character")])
def test_a_key_that_has_another_meaning_is_refused(ann: Account, browser: Browser, typed: str, says: str) -> None:
    browser.sign_in_as(ann)
    assert says in Page(browser.post(PATH, {**CHOSEN, "key_quote": typed}, status=422)).text


def test_an_action_may_go_without_a_key(ann: Account, browser: Browser, sqlite_database: Database) -> None:
    browser.sign_in_as(ann)
    browser.post(PATH, {**CHOSEN, "key_flag": "", "key_skip": ""})
    with sqlite_database.reading() as session:
        key_map = settings_of(session, ann.id).key_map
    assert (key_map["flag"], key_map["skip"], key_map["note"]) == ("", "", "n")


def test_back_to_the_defaults_keeps_the_goal(ann: Account, browser: Browser, sqlite_database: Database) -> None:
    goal = Goal(kind="items", amount=20)
    write(lambda session: change_settings(session, ann.id, goal=goal, text_size=TextSize.LARGE), on=sqlite_database)
    browser.sign_in_as(ann)
    browser.post(PATH + "/reset")
    with sqlite_database.reading() as session:
        assert settings_of(session, ann.id) == PersonalSettings(goal=goal)


def test_a_change_leaves_the_other_settings_as_they_are(database: Database) -> None:
    ann = a_person(database, "ann")
    write(lambda session: change_settings(session, ann.id, keys={"note": "e"}), on=database)
    write(lambda session: change_settings(session, ann.id, goal=Goal(kind="minutes", amount=45)), on=database)
    with database.reading() as session:
        settings = settings_of(session, ann.id)
    assert settings == PersonalSettings(keys={"note": "e"}, goal=Goal(kind="minutes", amount=45))


def test_a_form_that_lacks_its_fields_is_refused(ann: Account, browser: Browser) -> None:
    browser.sign_in_as(ann)
    browser.get(PATH)
    browser.post(PATH, {}, status=422)


def test_an_action_that_there_is_no_more_does_no_harm() -> None:
    assert PersonalSettings(keys={"dance": "x"}).key_map == {action.name: action.key for action in KEY_ACTIONS}


def test_the_defaults_clash_nowhere() -> None:
    assert key_clashes(PersonalSettings().key_map) == {}


@given(st.dictionaries(st.sampled_from([action.name for action in KEY_ACTIONS]), st.sampled_from("abcx[")))
def test_a_clash_is_named_exactly_where_two_actions_share_a_key(keys: dict[str, str]) -> None:
    key_map = PersonalSettings(keys=keys).key_map
    shared = any(key_map[a.name] == key_map[b.name] for a, b in combinations(KEY_ACTIONS, 2))
    assert bool(key_clashes(key_map)) == shared


@given(st.text(max_size=8))
def test_a_clean_key_is_one_character_or_space_and_stays_so(text: str) -> None:
    try:
        key = clean_key(text)
    except BadInput:
        return
    assert key in ("", SPACE) or (len(key) == 1 and key.isprintable() and not key.isdecimal())
    assert clean_key(key) == key
