"""Many people at once, their links, and what an admin sees of each."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from evalhub.accounts import queries
from evalhub.accounts.models import Account
from evalhub.accounts.schema import links_as_csv, read_invitees
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.web.principal import Scope
from tests.accounts.test_tokens import token_of
from tests.web.client import PASSWORD, Browser, Page

PATH = "/people/invite"
LINES = 'Ben B <ben@example.org>\n\nCy, cy\n"Last, First",last.first\ndee'


@pytest.mark.parametrize(
    ("line", "name", "login"),
    [
        ("Ben  B <Ben@Example.org>", "Ben B", "ben@example.org"),
        ("<ben>", "ben", "ben"),
        ("Cy , cy", "Cy", "cy"),
        ('"Last, First",last', "Last, First", "last"),
        ("dee@example.org", "dee@example.org", "dee@example.org"),
    ],
)
def test_a_line_names_a_person_in_any_of_the_usual_ways(line: str, name: str, login: str) -> None:
    assert read_invitees(line) == [(1, name, login)]


def test_every_wrong_line_is_named_and_a_heading_of_csv_is_none() -> None:
    with pytest.raises(BadInput) as error:
        read_invitees("name,login\nAnn <ann>\nno one\na,b,c\nAnn again, ann\nBen <>")
    assert [fault.line for fault in error.value.faults] == [3, 4, 5, 6]
    assert "stands in line 2 too" in error.value.faults[2].message


@given(st.text(max_size=200))
def test_whatever_is_typed_is_people_or_faults(text: str) -> None:
    try:
        people = read_invitees(text)
    except BadInput:
        return
    assert len({person.login for person in people}) == len(people) > 0


def test_a_link_file_holds_no_formula() -> None:
    assert links_as_csv([("=1+1", "ann", "http://x")]) == "name,login,link\n'=1+1,ann,http://x\n"


def test_all_get_a_link_that_works_and_what_they_know(
    admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(admin)
    browser.get(PATH)
    fields = {"people": LINES, "role_of_all": "member", "domains": "Law, Medicine"}
    page = Page(browser.post(PATH, fields, status=201))
    assert page.html.count('data-module="copy"') == 4
    assert 'download="invitations.csv"' in page.html
    link = "/links/" + page.html.split("http://localhost/links/")[1].split("<")[0]
    other = Browser(browser.app)
    other.get(link)
    other.post(link, {"password": PASSWORD, "again": PASSWORD})
    with sqlite_database.reading() as session:
        ben = queries.account_of_login(session, "ben@example.org")
        assert ben is not None
        assert queries.domains_of(session, ben.id) == ["law", "medicine"]
    listed = browser.get("/people?domain=law")
    assert "4 people" in listed.text
    assert "1 person" in browser.get("/people?domain=law&state=active").text
    assert "Nothing fits" in browser.get("/people?domain=aw").text


def test_with_one_wrong_line_nobody_is_invited_and_nothing_typed_is_lost(
    ann: Account, admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(admin)
    browser.get(PATH)
    for people, said in [
        ("Ben <ben>\nAnn <ANN>", "Line 2: the sign-in name ann is taken."),
        ("a b\nBen <ben>", "Line 1:"),
    ]:
        page = Page(browser.post(PATH, {"people": people, "role_of_all": "admin"}, status=422))
        assert said in page.text
        assert "Ben &lt;ben&gt;" in page.html
    with sqlite_database.reading() as session:
        assert len(queries.all_people(session)) == 2


def test_an_open_invitation_is_shown_and_can_be_withdrawn_once(
    admin: Account, browser: Browser, sqlite_database: Database
) -> None:
    browser.sign_in_as(admin)
    browser.get(PATH)
    answer = browser.post("/people", {"display_name": "Ben", "login": "ben", "role": "member"}, status=201)
    link = "/links/" + answer.text.split("http://localhost/links/")[1].split("<")[0]
    with sqlite_database.reading() as session:
        ben = queries.account_of_login(session, "ben")
    assert ben is not None
    person = f"/people/{ben.public_id}"
    assert "Open until" in browser.get(person).text
    browser.post(f"{person}/withdraw")
    assert "Open until" not in browser.get(person).text
    Browser(browser.app).get(link, status=404)
    browser.post(f"{person}/withdraw", status=409)


def test_an_admin_signs_somebody_out_everywhere(ann: Account, admin: Account, browser: Browser) -> None:
    here = Browser(browser.app).sign_in_as(ann)
    browser.sign_in_as(admin)
    assert "Signed in with 1 session." in browser.get(f"/people/{ann.public_id}").text
    browser.post(f"/people/{ann.public_id}/sign-out")
    here.get("/account", status=303)


def test_people_say_themselves_what_they_know(ann: Account, browser: Browser, sqlite_database: Database) -> None:
    browser.sign_in_as(ann)
    browser.post("/account/profile", {"domains": "Law", "languages": "German, English"})
    page = browser.get("/account").form("/account/profile")
    assert (page["domains"], page["languages"]) == ("law", "english, german")
    browser.post("/account/profile", {"domains": "x" * 101, "languages": ""}, status=422)


def test_programs_invite_change_and_disable(admin: Account, browser: Browser, sqlite_database: Database) -> None:
    client: FlaskClient = browser.app.test_client()
    header = token_of(sqlite_database, admin, Scope.ADMIN)
    made = client.post("/api/v1/people", json={"login": "Ben", "domains": ["Law"]}, headers=header)
    assert made.status_code == 201
    assert made.json is not None
    person = made.json["person"]
    assert made.json["link"].startswith("http://localhost/links/")
    path = f"/api/v1/people/{person['account']}"
    assert client.post("/api/v1/people", json={"login": "ben"}, headers=header).status_code == 409
    change = {"role": "admin", "languages": ["English"], "is_disabled": True}
    changed = client.patch(path, json=change, headers=header)
    assert changed.json == {
        **person,
        "role": "admin",
        "domains": ["law"],
        "languages": ["english"],
        "is_disabled": True,
    }
    assert client.patch(path, json={"is_disabled": False}, headers=header).json["is_disabled"] is False  # type: ignore[index]
    assert client.patch(path, json={"login": "x"}, headers=header).status_code == 422
    listed = client.get("/api/v1/people", headers=header).json
    assert listed is not None
    assert [one["login"] for one in listed["people"]] == ["ben", "root"]
