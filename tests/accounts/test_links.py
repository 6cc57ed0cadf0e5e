from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from evalhub.accounts import service
from evalhub.accounts.models import Account, InstanceRole, Invitation, InvitationPurpose
from evalhub.accounts.schema import digest
from evalhub.db import Database
from evalhub.errors import NotFound
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.web.client import PASSWORD, Browser, a_person


def a_link(database: Database, account: Account, purpose: InvitationPurpose) -> str:
    return write(
        lambda session: service.create_link(
            session,
            account_id=account.id,
            purpose=purpose,
            by_id=None,
            now=utc_now(),
            valid_for=timedelta(hours=1),
        ),
        on=database,
    )


def test_looking_at_a_link_does_not_use_it_up(browser: Browser, sqlite_database: Database, admin: Account) -> None:
    token = a_link(sqlite_database, admin, InvitationPurpose.SIGN_IN)
    for _ in range(3):
        browser.get(f"/links/{token}")
    assert browser.session_cookie is None
    browser.post(f"/links/{token}")
    browser.get("/account")


def test_a_link_works_once(browser: Browser, sqlite_database: Database, admin: Account) -> None:
    token = a_link(sqlite_database, admin, InvitationPurpose.SIGN_IN)
    browser.get(f"/links/{token}")
    browser.post(f"/links/{token}")
    other = Browser(browser.app)
    other.get("/sign-in")
    other.get(f"/links/{token}", status=404)
    other.post(f"/links/{token}", status=404)
    assert other.session_cookie is None


def test_used_expired_withdrawn_and_unknown_links_look_the_same(
    browser: Browser, sqlite_database: Database, admin: Account
) -> None:
    used = a_link(sqlite_database, admin, InvitationPurpose.SIGN_IN)
    write(lambda s: service.use_link(s, used, now=utc_now()), on=sqlite_database)
    withdrawn = a_link(sqlite_database, admin, InvitationPurpose.RESET)
    a_link(sqlite_database, admin, InvitationPurpose.RESET)
    expired = a_link(sqlite_database, a_person(sqlite_database, "ben"), InvitationPurpose.SIGN_IN)
    write(
        lambda s: s.execute(
            sa.update(Invitation).where(Invitation.token_sha256 == digest(expired)).values(expires_at=utc_now())
        ).close(),
        on=sqlite_database,
    )
    bodies = {browser.get(f"/links/{token}", status=404).html for token in (used, withdrawn, expired, "unknown")}
    assert len(bodies) == 1


def test_of_many_that_use_a_link_at_once_one_gets_in(database: Database) -> None:
    account = a_person(database, "ann")
    token = a_link(database, account, InvitationPurpose.SIGN_IN)
    outcomes: list[str] = []

    def use() -> None:
        try:
            write(lambda session: service.use_link(session, token, now=utc_now()), on=database)
            outcomes.append("in")
        except NotFound:
            outcomes.append("out")

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", *["out"] * 7]


def test_an_invitation_sets_the_password_and_signs_in(browser: Browser, sqlite_database: Database) -> None:
    _, token = write(
        lambda s: service.invite(s, "Ben@Example.org", "Ben", InstanceRole.MEMBER, by_id=None, now=utc_now()),
        on=sqlite_database,
    )
    path = f"/links/{token}"
    browser.get(path)
    browser.post(path, {"password": "short", "again": "short"}, status=422)
    browser.post(path, {"password": "password1234", "again": "password1234"}, status=422)
    browser.post(path, {"password": "ben@example.org", "again": "ben@example.org"}, status=422)
    browser.post(path, {"password": PASSWORD, "again": "another one here"}, status=422)
    browser.post(path, {"password": PASSWORD, "again": PASSWORD})
    browser.get("/account")
    Browser(browser.app).sign_in("ben@example.org", PASSWORD)


def test_a_reset_ends_sessions_and_the_old_password(ann: Account, admin: Account, browser: Browser) -> None:
    browser.sign_in("ann")
    boss = Browser(browser.app).sign_in_as(admin)
    text = boss.post(f"/people/{ann.public_id}/reset", status=200).text
    path = "/links/" + text.split("http://localhost/links/")[1].split("<")[0]
    browser.get("/account", status=303)
    browser.sign_in("ann", PASSWORD, status=422)
    browser.get(path)
    browser.post(path, {"password": "a wholly new one", "again": "a wholly new one"})
    Browser(browser.app).sign_in("ann", "a wholly new one")


def test_a_link_takes_the_place_of_whoever_was_signed_in(
    browser: Browser, sqlite_database: Database, ann: Account, admin: Account
) -> None:
    before = browser.sign_in_as(ann).session_cookie or ""
    token = a_link(sqlite_database, admin, InvitationPurpose.SIGN_IN)
    browser.get(f"/links/{token}")
    browser.post(f"/links/{token}")
    assert "Root" in browser.get("/account").text
    browser.client.set_cookie("evalhub-80", before, domain="localhost")
    browser.get("/account", status=303)


def test_only_a_hash_of_the_token_is_stored(sqlite_database: Database, admin: Account) -> None:
    token = a_link(sqlite_database, admin, InvitationPurpose.SIGN_IN)
    with sqlite_database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM invitation")).all()
        events = connection.execute(sa.text("SELECT * FROM audit_event")).all()
    assert token not in str(rows) + str(events)


@pytest.mark.parametrize("purpose", list(InvitationPurpose))
def test_a_disabled_account_gets_in_by_no_link(
    browser: Browser, sqlite_database: Database, admin: Account, purpose: InvitationPurpose
) -> None:
    ben = a_person(sqlite_database, "ben")
    token = a_link(sqlite_database, ben, purpose)
    write(lambda s: service.disable(s, ben.id, by_id=admin.id, now=utc_now()), on=sqlite_database)
    browser.get(f"/links/{token}", status=404)
