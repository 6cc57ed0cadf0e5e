from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from evalhub.accounts import service
from evalhub.accounts.models import Account, SignInSession
from evalhub.accounts.schema import digest
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.web.client import PASSWORD, Browser, Page, a_person, a_token, app_for


def sessions(database: Database) -> list[SignInSession]:
    with database.reading() as session:
        return list(session.scalars(sa.select(SignInSession).order_by(SignInSession.id)))


def test_the_right_password_signs_in_and_only_a_hash_of_the_cookie_is_stored(
    ann: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in("ANN ", PASSWORD)
    cookie = browser.session_cookie
    assert cookie
    assert [row.token_sha256 for row in sessions(sqlite_database)] == [digest(cookie)]


@pytest.mark.parametrize(
    ("base_url", "name", "is_secure"),
    [
        ("https://evalhub.example.org", "__Host-evalhub", True),
        ("http://localhost:8123", "evalhub-8123", False),
    ],
)
def test_the_cookie_cannot_be_read_by_scripts_or_planted_by_others(
    ann: Account, sqlite_database: Database, base_url: str, name: str, is_secure: bool
) -> None:
    browser = Browser(app_for(sqlite_database, base_url=base_url))
    browser.get("/sign-in")
    response = browser.post("/sign-in", {"login": "ann", "password": PASSWORD})
    cookie = next(line for line in response.headers.getlist("Set-Cookie") if line.startswith(f"{name}="))
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", "Path=/", "SameSite=Lax", *(["Secure"] if is_secure else [])}
    visitor = [line for line in response.headers.getlist("Set-Cookie") if "visitor" in line]
    assert all(("Secure" in line) == is_secure and "HttpOnly" in line for line in visitor)


def test_an_unknown_name_a_wrong_password_and_a_disabled_account_look_the_same(
    ann: Account, admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    disabled = a_person(sqlite_database, "ben", password=PASSWORD)
    a_person(sqlite_database, "new")
    write(lambda s: service.disable(s, disabled.id, by_id=None, now=utc_now()), on=sqlite_database)
    answers = []
    for login, password in [("ann", "wrong"), ("nobody", PASSWORD), ("ben", PASSWORD), ("new", PASSWORD)]:
        body = browser.sign_in(login, password, status=422).text.replace(f'value="{login}"', "")
        answers.append(body)
    assert len(set(answers)) == 1
    assert sessions(sqlite_database) == []


def test_a_session_planted_beforehand_is_not_the_one_that_is_signed_in(ann: Account, browser: Browser) -> None:
    browser.client.set_cookie("evalhub-80", "planted", domain="localhost")
    browser.sign_in("ann")
    assert browser.session_cookie != "planted"


def test_signing_in_again_ends_the_session_before(ann: Account, app: Flask, sqlite_database: Database) -> None:
    browser = Browser(app).sign_in_as(ann)
    before = browser.session_cookie
    browser.post("/sign-in", {"login": "ann", "password": PASSWORD})
    assert browser.session_cookie != before
    assert len(sessions(sqlite_database)) == 1


def test_signing_out_ends_the_session_on_the_server(ann: Account, app: Flask, sqlite_database: Database) -> None:
    browser = Browser(app).sign_in_as(ann)
    cookie = browser.session_cookie
    browser.post("/sign-out")
    assert "You are signed out." in browser.get("/sign-in").text
    assert sessions(sqlite_database) == []
    browser.client.set_cookie("evalhub-80", cookie or "", domain="localhost")
    browser.get("/account", status=303)


def test_signing_out_everywhere_ends_every_session_of_that_person_alone(
    ann: Account, admin: Account, app: Flask
) -> None:
    here, there, other = (Browser(app).sign_in_as(account) for account in (ann, ann, admin))
    here.post("/sign-out/everywhere")
    there.get("/account", status=303)
    other.get("/account")


def test_a_session_lapses_after_idling_and_in_any_case_after_its_life(ann: Account, app: Flask) -> None:
    start = utc_now()
    with time_machine.travel(start, tick=False) as clock:
        idle, busy = Browser(app).sign_in_as(ann), Browser(app).sign_in_as(ann)
        for minutes in range(50, 12 * 60, 50):
            clock.move_to(start + timedelta(minutes=minutes))
            busy.get("/account")
        idle.get("/account", status=303)
        clock.move_to(start + timedelta(hours=12))
        busy.get("/account", status=303)


def test_last_use_is_written_at_most_once_in_five_minutes(ann: Account, app: Flask, sqlite_database: Database) -> None:
    start = utc_now()
    with time_machine.travel(start, tick=False) as clock:
        browser = Browser(app).sign_in_as(ann)
        for seconds, noted in [(299, 0), (300, 300), (599, 300), (600, 600)]:
            clock.move_to(start + timedelta(seconds=seconds))
            browser.get("/account")
            assert sessions(sqlite_database)[0].last_seen_at - start == timedelta(seconds=noted)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil.example",
    ],
)
def test_nothing_leads_to_another_site(ann: Account, browser: Browser, target: str) -> None:
    assert browser.sign_in("ann", next=target).headers["Location"] == "/"
    browser.client.delete_cookie("evalhub-80", domain="localhost")


def test_signing_in_goes_on_where_one_was_going(ann: Account, browser: Browser) -> None:
    response = browser.client.get("/people?q=x&page=2", base_url=browser.base_url)
    page = browser.get(response.headers["Location"])
    fields = page.form("/sign-in")
    assert fields["next"] == "/people?q=x&page=2"
    assert browser.sign_in("ann", next=fields["next"]).headers["Location"] == "/people?q=x&page=2"


def test_the_sign_in_page_says_that_the_session_ended_and_where_one_goes(ann: Account, browser: Browser) -> None:
    asked = browser.client.get("/reviews?q=x", base_url=browser.base_url).headers["Location"]
    assert "Sign in to see the page that you asked for." in browser.get(asked).text
    with time_machine.travel(utc_now() - timedelta(days=2), tick=False):
        browser.sign_in_as(ann)
    asked = browser.client.get("/reviews?q=x", base_url=browser.base_url).headers["Location"]
    page = browser.get(asked)
    assert "Your session has ended. Sign in, and you are back where you were." in page.text
    assert page.form("/sign-in")["next"] == "/reviews?q=x"


def test_a_form_sent_after_the_session_lapsed_loses_no_word(ann: Account, browser: Browser) -> None:
    browser.sign_in("ann")
    browser.client.delete_cookie("evalhub-80", domain="localhost")
    words = 'Ann "the <b>careful</b>" &\nO’Neill'
    kept = Page(browser.post("/account/name", {"display_name": words, "tag": ["a", "b"]}, status=401))
    assert kept.faults == []
    fields = {**kept.form("/sign-in"), "login": "ann", "password": PASSWORD, "kept.tag": ["a", "b"]}
    again = Page(browser.post("/sign-in", fields, status=200))
    form = again.form("/account/name")
    assert form["display_name"].split() == words.split()
    assert again.html.count('name="tag"') == 2
    browser.post("/account/name", form)
    assert browser.get("/account").form("/account/name")["display_name"] == " ".join(words.split())


def test_a_kept_form_goes_nowhere_but_here(ann: Account, browser: Browser) -> None:
    browser.get("/sign-in")
    fields = {"login": "ann", "password": PASSWORD, "kept-target": "https://evil.example/steal", "kept.x": "y"}
    assert "evil.example" not in browser.post("/sign-in", fields, status=200).text


def test_reading_goes_on_where_a_last_use_cannot_be_written(
    ann: Account, app: Flask, sqlite_database: Database
) -> None:
    browser, token = Browser(app).sign_in_as(ann), a_token(sqlite_database, ann)
    sqlite_database.engine.dispose()
    sa.event.listen(sqlite_database.engine, "connect", _only_read)
    with time_machine.travel(utc_now() + timedelta(minutes=6)):
        browser.get("/account")
        assert app.test_client().get("/api/v1/me", headers=token).status_code == 200
        browser.post("/account/name", {"display_name": "Anna"}, status=503)


def _only_read(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")
