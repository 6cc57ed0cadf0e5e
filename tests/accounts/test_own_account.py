from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from evalhub.accounts import queries
from evalhub.accounts.models import Account, ApiToken
from evalhub.accounts.passwords import hash_password, is_password
from evalhub.accounts.schema import COMMON_PASSWORDS, clean_name, digest, password_fault
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.web.context import utc_now
from tests.web.client import PASSWORD, Browser, Page, a_token

NEW = "four sleepy badgers"


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(ann: Account, browser: Browser) -> None:
    browser.sign_in("ann")
    other = Browser(browser.app).sign_in_as(ann)
    before = browser.session_cookie
    fields = {"current": "wrong", "password": NEW, "again": NEW}
    browser.post("/account/password", fields, status=422)
    browser.post("/account/password", {**fields, "current": PASSWORD})
    assert browser.session_cookie != before
    assert "Your password is changed" in browser.get("/account").text
    other.get("/account", status=303)
    Browser(browser.app).sign_in("ann", NEW)
    Browser(browser.app).sign_in("ann", PASSWORD, status=422)


def test_a_token_is_shown_once_and_stored_as_its_hash(
    ann: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(ann)
    page = Page(browser.post("/account/tokens", {"name": "nightly"}, status=201))
    token = "evh_" + page.text.split("evh_")[1].split()[0]
    assert "evh_" not in browser.get("/account").html
    with sqlite_database.reading() as session:
        row = session.scalars(sa.select(ApiToken)).one()
    assert row.token_sha256 == digest(token)
    client = browser.app.test_client()
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    browser.post(f"/account/tokens/{row.public_id}/revoke")
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_nobody_revokes_the_token_of_another(
    ann: Account, admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    headers = a_token(sqlite_database, admin)
    with sqlite_database.reading() as session:
        theirs = queries.tokens_of(session, admin.id)[0].public_id
    browser.sign_in_as(ann)
    browser.post(f"/account/tokens/{theirs}/revoke", status=404)
    assert browser.app.test_client().get("/api/v1/me", headers=headers).status_code == 200


def test_the_last_use_of_a_token_is_noted_once_in_five_minutes(
    ann: Account, browser: Browser, sqlite_database: Database
) -> None:
    headers, client, start = a_token(sqlite_database, ann), browser.app.test_client(), utc_now()
    with time_machine.travel(start, tick=False) as clock:
        for seconds, noted in [(0, 0), (299, 0), (300, 300)]:
            clock.move_to(start + timedelta(seconds=seconds))
            client.get("/api/v1/me", headers=headers)
            with sqlite_database.reading() as session:
                assert session.scalars(sa.select(ApiToken.last_used_at)).one() == start + timedelta(seconds=noted)


@pytest.mark.parametrize("name", ["", " \t", "x" * 101, "a\u200bb", "\x1b[31m"])
def test_a_token_has_a_name_that_people_can_read(ann: Account, browser: Browser, name: str) -> None:
    browser.sign_in_as(ann).post("/account/tokens", {"name": name}, status=422)


def test_names_are_one_line_of_what_can_be_seen() -> None:
    assert clean_name("  Zoë\n O’Neill ") == "Zoë O’Neill"
    with pytest.raises(BadInput):
        clean_name("a\u2066b")


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("x" * 11, False),
        ("aaaaaaaaaaaa", False),
        ("PassWordPassWord", False),
        ("ann1ann2ann3", True),
        ("annette-long", False),
        ("k" * 64 + "lmnopq" * 10, True),
        ("abcdef" * 21 + "abc", False),
        ("κωδικός πρόσβασης", True),
    ],
)
def test_long_and_uncommon_is_all_that_a_password_must_be(password: str, is_good: bool) -> None:
    assert (password_fault(password, login="annette-l") is None) is is_good


def test_the_list_of_common_passwords_holds_only_what_is_long_enough_to_be_one() -> None:
    assert {len(password) >= 12 for password in COMMON_PASSWORDS} == {True}


def test_passwords_are_hashed_as_the_settings_say() -> None:
    stored = hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password(stored, PASSWORD)
    assert not is_password(stored, PASSWORD + " ")
    assert not is_password(None, PASSWORD)
    assert not is_password("not a hash", PASSWORD)
    assert not is_password(stored, "\ud800")
