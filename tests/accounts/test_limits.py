"""Guessing passwords: counted in the database, so for all servers and through restarts."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from evalhub.accounts import service
from evalhub.accounts.models import Account, SignInLimit
from evalhub.accounts.service.limits import TRIES_OF_A_NAME, TRIES_OF_AN_ADDRESS
from evalhub.db import Database
from evalhub.errors import TooMany
from evalhub.web.context import visitor_address
from evalhub.web.session import write
from tests.web.client import PASSWORD, Browser, Page, app_for

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def try_once(database: Database, login: str = "ann", address: str = "10.0.0.1", *, at: timedelta = MINUTE * 0) -> int:
    """Seconds to wait, 0 when the try may go on."""
    try:
        write(lambda session: service.count_try(session, login, address, now=START + at), on=database)
    except TooMany as error:
        return error.retry_after
    return 0


def test_the_sixth_try_of_a_name_waits_and_each_later_one_twice_as_long(database: Database) -> None:
    assert [try_once(database) for _ in range(TRIES_OF_A_NAME + 1)] == [0, 0, 0, 0, 0, 60]
    at, waits = timedelta(0), []
    for _ in range(6):
        waits.append(try_once(database, at=at))
        at += timedelta(seconds=waits[-1])
        assert try_once(database, at=at) == 0
    assert waits == [60, 120, 240, 480, 900, 900]


def test_a_refused_try_makes_the_wait_no_longer(database: Database) -> None:
    for _ in range(TRIES_OF_A_NAME):
        try_once(database)
    assert [try_once(database, at=timedelta(seconds=second)) for second in (10, 20, 30)] == [50, 40, 30]


def test_four_tries_are_forgotten_after_a_quarter_of_an_hour(database: Database) -> None:
    for _ in range(TRIES_OF_A_NAME - 1):
        try_once(database)
    assert [try_once(database, at=15 * MINUTE) for _ in range(TRIES_OF_A_NAME)] == [0] * TRIES_OF_A_NAME


def test_the_right_password_begins_anew_for_the_name_and_takes_one_from_the_address(database: Database) -> None:
    for _ in range(TRIES_OF_A_NAME):
        try_once(database)
    write(lambda session: service.forget_tries(session, " Ann", "10.0.0.1"), on=database)
    assert try_once(database) == 0
    with database.reading() as session:
        assert sorted(session.scalars(sa.select(SignInLimit.n))) == [1, TRIES_OF_A_NAME]


def test_an_address_has_fifty_tries_whatever_the_names(database: Database) -> None:
    waits = [try_once(database, f"name{n}") for n in range(TRIES_OF_AN_ADDRESS + 1)]
    assert waits == [*[0] * TRIES_OF_AN_ADDRESS, 900]
    assert try_once(database, "other", "10.0.0.2") == 0
    assert try_once(database, "other", at=15 * MINUTE) == 0


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:DB8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_an_address_of_ipv6_is_counted_by_its_network(database: Database, one: str, other: str, is_same: bool) -> None:
    for n in range(TRIES_OF_AN_ADDRESS):
        try_once(database, f"name{n}", one)
    assert (try_once(database, "other", other) > 0) is is_same


def test_a_name_alone_is_counted_where_no_address_is_known(database: Database) -> None:
    write(lambda session: service.forget_tries(session, "ann", None), on=database)
    for n in range(TRIES_OF_AN_ADDRESS + 1):
        write(lambda session, n=n: service.count_try(session, f"name{n}", None, now=START), on=database)
    with database.reading() as session:
        assert set(session.scalars(sa.select(SignInLimit.n))) == {1}


def test_a_new_password_begins_anew_for_the_name(ann: Account, sqlite_database: Database) -> None:
    for _ in range(TRIES_OF_A_NAME):
        try_once(sqlite_database)
    set_one = lambda s: service.set_password(s, ann.id, "hash", by_id=None, now=START)  # noqa: E731
    write(set_one, on=sqlite_database)
    assert try_once(sqlite_database) == 0


@pytest.mark.parametrize(
    ("settings", "headers", "address"),
    [
        ({}, ["9.9.9.9"], "127.0.0.1"),
        ({"base_url": "https://evalhub.example.org"}, ["9.9.9.9"], None),
        ({"proxies": 1}, ["9.9.9.9, 10.0.0.7"], "10.0.0.7"),
        ({"proxies": 1}, ["9.9.9.9", "10.0.0.7"], "10.0.0.7"),
        ({"proxies": 2}, ["9.9.9.9, 10.0.0.7, 172.16.0.1"], "10.0.0.7"),
        ({"proxies": 2}, ["10.0.0.7"], None),
        ({"proxies": 1}, [], None),
    ],
)
def test_an_address_is_believed_of_the_proxies_alone_that_there_are(
    sqlite_database: Database, settings: dict[str, Any], headers: list[str], address: str | None
) -> None:
    app = app_for(sqlite_database, **settings)
    sent = [("X-Forwarded-For", header) for header in headers]
    with app.test_request_context("/", headers=sent, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        assert visitor_address() == address


def test_of_many_tries_at_once_five_get_through(database: Database) -> None:
    waits: list[int] = []
    threads = [threading.Thread(target=lambda: waits.append(try_once(database))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0] * TRIES_OF_A_NAME + [60] * 7


@pytest.mark.parametrize("login", ["ann", "nobody"])
def test_two_servers_share_the_count_and_a_name_that_nobody_has_is_answered_alike(
    ann: Account, sqlite_database: Database, login: str
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        first, second = Browser(app_for(sqlite_database)), Browser(app_for(sqlite_database))
        for browser in (first, second, first, second, first):
            browser.sign_in(login, "wrong", status=422)
        answer = second.sign_in(login, PASSWORD, status=429, next="/people?q=x")
        page = Page(answer)
        assert answer.headers["Retry-After"] == "60"
        assert "Too many tries: wait 1 minute, then try again." in page.text
        assert (page.form("/sign-in")["login"], page.form("/sign-in")["next"]) == (login, "/people?q=x")
        clock.shift(60)
        first.sign_in(login, PASSWORD, status=303 if login == "ann" else 422)


def test_a_page_that_waits_for_signing_in_is_told_in_json(ann: Account, sqlite_database: Database) -> None:
    browser = Browser(app_for(sqlite_database))
    for _ in range(TRIES_OF_A_NAME):
        browser.sign_in("ann", "wrong", status=422)
    answer = browser.post(
        "/sign-in", {"login": "ann", "password": PASSWORD}, status=429, headers={"Accept": "application/json"}
    )
    assert answer.json is not None
    assert answer.json["error"]["code"] == "too_many"
    assert int(answer.headers["Retry-After"]) <= 60


def test_no_name_is_kept_in_the_table(database: Database) -> None:
    try_once(database, "ann@example.org")
    with database.reading() as session:
        assert "ann" not in str(session.execute(sa.text("SELECT * FROM sign_in_limit")).all())
