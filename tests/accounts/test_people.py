from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from evalhub.accounts import queries, service
from evalhub.accounts.models import Account, AccountKind, InstanceRole
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.web.client import PASSWORD, Browser, a_person, a_token


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


@pytest.mark.parametrize("path", ["/people", "/people/x"])
def test_people_are_for_admins(ann: Account, admin: Account, browser: Browser, path: str) -> None:
    browser.get(path, status=303)
    Browser(browser.app).sign_in_as(ann).get(path, status=403)


def test_an_invitation_shows_its_link_once(admin: Account, browser: Browser, sqlite_database: Database) -> None:
    browser.sign_in_as(admin)
    browser.get("/people")
    fields = {"display_name": " Ben  B ", "login": "Ben", "role": "member"}
    text = browser.post("/people", fields, status=201).text
    assert "http://localhost/links/" in text
    assert "/links/" not in browser.get("/people").html
    with sqlite_database.reading() as session:
        ben = queries.account_of_login(session, "ben")
    assert ben is not None
    assert (ben.display_name, ben.is_admin, ben.password_hash) == ("Ben B", False, None)
    browser.get(f"/people/{ben.public_id}")


@pytest.mark.parametrize(
    "fields",
    [
        {"login": "a b"},
        {"login": ""},
        {"login": "x" * 101},
        {"display_name": "\u202eevil"},
        {"display_name": " "},
        {"display_name": "a\0b"},
        {"role": "owner"},
        {"login": ["a", "b"]},
    ],
)
def test_a_wrong_invitation_is_explained_and_stores_nothing(
    admin: Account, browser: Browser, sqlite_database: Database, fields: dict[str, str]
) -> None:
    browser.sign_in_as(admin)
    good = {"display_name": "Ben", "login": "ben", "role": "member"}
    browser.post("/people", {**good, **fields}, status=422)
    with sqlite_database.reading() as session:
        assert len(queries.all_people(session)) == 1


def test_a_taken_name_is_a_conflict(ann: Account, admin: Account, browser: Browser) -> None:
    browser.sign_in_as(admin)
    browser.post("/people", {"display_name": "Other", "login": "ANN", "role": "member"}, status=409)


def test_the_search_takes_its_words_literally(admin: Account, browser: Browser, sqlite_database: Database) -> None:
    a_person(sqlite_database, "a_b")
    browser.sign_in_as(admin)
    assert "a_b" in browser.get("/people?q=_").text
    assert "root" not in browser.get("/people?q=_").text
    assert "Nothing fits" in browser.get("/people?q=%25").text


def test_people_are_listed_page_by_page_in_the_order_asked_for(
    admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    for number in range(24):
        a_person(sqlite_database, f"person-{number:02}")
    browser.sign_in_as(admin)
    first = browser.get("/people?sort=-login&role=member")
    assert [first.text.count(f"person-{number:02}") for number in (0, 3, 4, 23)] == [0, 0, 1, 1]
    assert 'aria-sort="descending"' in first.html
    second = browser.get(next(link for link in first.links if "after=" in link))
    assert [second.text.count(f"person-{number:02}") for number in (0, 3, 4, 23)] == [1, 1, 0, 0]


def test_capitals_do_not_part_the_names_in_a_list(admin: Account, browser: Browser, sqlite_database: Database) -> None:
    people = [a_person(sqlite_database, login) for login in ("anna", "bert", "cleo")]
    with sqlite_database.writing() as session:
        session.get_one(Account, people[0].id).display_name = "anna"
        session.get_one(Account, people[2].id).display_name = "cleo"
        session.commit()
    links = browser.sign_in_as(admin).get("/people").links
    assert [link for link in links if link in {f"/people/{one.public_id}" for one in people}] == [
        f"/people/{one.public_id}" for one in people
    ]


def test_people_are_listed_by_role_and_state(
    ann: Account, admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(admin)
    browser.post("/people", {"display_name": "Newcomer", "login": "newcomer", "role": "member"}, status=201)
    browser.post(f"/people/{ann.public_id}/disable")
    found = {
        query: [link for link in browser.get(f"/people?{query}").links if re.match("/people/(?!invite)", link)]
        for query in ("role=admin", "state=disabled", "state=invited&role=member", "q=newc")
    }
    assert found["role=admin"] == [f"/people/{admin.public_id}"]
    assert found["state=disabled"] == [f"/people/{ann.public_id}"]
    assert found["state=invited&role=member"] == found["q=newc"]
    assert len(found["q=newc"]) == 1


def test_another_role_ends_the_sessions(ann: Account, admin: Account, browser: Browser) -> None:
    browser.sign_in_as(ann)
    boss = Browser(browser.app).sign_in_as(admin)
    boss.post(f"/people/{ann.public_id}/role", {"role": "admin"})
    browser.get("/account", status=303)
    browser.sign_in_as(ann).get("/people")


def test_a_disabled_account_is_out_at_once_everywhere(
    ann: Account, admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    token = a_token(sqlite_database, ann)
    browser.sign_in_as(ann)
    boss = Browser(browser.app).sign_in_as(admin)
    boss.post(f"/people/{ann.public_id}/disable")
    browser.get("/account", status=303)
    browser.sign_in("ann", PASSWORD, status=422)
    assert browser.app.test_client().get("/api/v1/me", headers=token).status_code == 401
    boss.post(f"/people/{ann.public_id}/enable")
    browser.sign_in("ann", PASSWORD)
    assert browser.app.test_client().get("/api/v1/me", headers=token).status_code == 401


@pytest.mark.parametrize(("act", "fields"), [("disable", {}), ("role", {"role": "member"})])
def test_the_only_admin_stays(admin: Account, browser: Browser, act: str, fields: dict[str, str]) -> None:
    browser.sign_in_as(admin)
    browser.post(f"/people/{admin.public_id}/{act}", fields, status=409)
    browser.get("/people")


def test_domains_are_words_in_order(ann: Account, admin: Account, browser: Browser, sqlite_database: Database) -> None:
    browser.sign_in_as(admin)
    browser.post(f"/people/{ann.public_id}/domains", {"domains": "Rust, databases,, rust "})
    with sqlite_database.reading() as session:
        assert queries.domains_of(session, ann.id) == ["databases", "rust"]


def test_every_change_is_an_event_without_contact_data(
    admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(admin)
    browser.post("/people", {"display_name": "Ben", "login": "ben@example.org", "role": "member"}, status=201)
    with sqlite_database.reading() as session:
        ben = queries.account_of_login(session, "ben@example.org")
        assert ben is not None
    for act, fields in [("role", {"role": "admin"}), ("domains", {"domains": "rust"}), ("disable", {}), ("enable", {})]:
        browser.post(f"/people/{ben.public_id}/{act}", fields)
    browser.post(f"/people/{ben.public_id}/reset", status=200)
    assert actions(sqlite_database)[2:] == [
        "account.created",
        "link.created",
        "account.role_changed",
        "account.domains_set",
        "account.disabled",
        "account.enabled",
        "link.created",
        "account.reset",
    ]
    with sqlite_database.reading() as session:
        bodies = "".join(session.scalars(sa.select(AuditEvent.body)))
        actors = set(session.scalars(sa.select(AuditEvent.actor).where(AuditEvent.id > 2)))
    assert "ben@example.org" not in bodies
    assert actors == {admin.public_id}


def test_whoever_has_no_password_signs_in_by_link(admin: Account, browser: Browser, sqlite_database: Database) -> None:
    browser.sign_in_as(admin)
    browser.post("/people", {"display_name": "Ben", "login": "ben", "role": "member"}, status=201)
    with sqlite_database.reading() as session:
        ben = queries.account_of_login(session, "ben")
    assert ben is not None
    for path in ("/people?q=ben", f"/people/{ben.public_id}"):
        assert "no password yet" in browser.get(path).text


def test_only_people_have_sign_in_names(database: Database) -> None:
    model = write(
        lambda s: service.create_account(s, kind=AccountKind.MODEL, login=None, display_name="judge", now=utc_now()),
        on=database,
    )
    assert model.login is None
    with pytest.raises(BadInput):
        write(
            lambda s: service.create_account(
                s, kind=AccountKind.HUMAN, login="two words", display_name="x", now=utc_now()
            ),
            on=database,
        )


def test_two_accounts_of_one_name_conflict_and_the_rest_of_the_transaction_may_go_on(database: Database) -> None:
    a_person(database, "ann")

    def twice(session: sa.orm.Session) -> None:
        with pytest.raises(Conflict, match="taken"):
            service.create_account(
                session,
                kind=AccountKind.HUMAN,
                login="Ann",
                display_name="x",
                role=InstanceRole.MEMBER,
                now=utc_now(),
            )
        service.create_account(session, kind=AccountKind.HUMAN, login="ben", display_name="Ben", now=utc_now())

    write(twice, on=database)
    with database.reading() as session:
        assert [account.login for account in queries.all_people(session)] == ["ann", "ben"]


def test_what_somebody_knows_is_told_to_the_later_stages(database: Database) -> None:
    from evalhub.events import profile_changed

    heard: list[int] = []

    def hear(session: sa.orm.Session, *, account_id: int) -> None:
        heard.append(account_id)

    ann = a_person(database, "ann")
    with profile_changed.connected_to(hear):
        write(lambda s: service.set_domains(s, ann.id, ["Rust"]), on=database)
        write(lambda s: service.set_domains(s, ann.id, ["rust "]), on=database)
    assert heard == [ann.id]
