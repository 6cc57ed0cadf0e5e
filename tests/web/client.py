"""A browser for tests that looks at every page it gets, and the apps that it visits."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from evalhub.accounts import service
from evalhub.accounts.models import Account, AccountKind, InstanceRole
from evalhub.accounts.passwords import hash_password
from evalhub.app import create_app
from evalhub.config import Settings
from evalhub.db import Database
from evalhub.jobs.bell import hang_bell
from evalhub.migrating import check_revision
from evalhub.web.context import SETTINGS, utc_now
from evalhub.web.cookies import cookie_name
from evalhub.web.session import write

PASSWORD = "seven quiet otters"
KEY = "nNf0vTq2WlYb7cXh4sKe9uRz6aGj1mPd"
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
NEEDS_NO_LABEL = {"hidden", "submit", "button", "reset", "image"}


def settings_for(database: Database, folder: Path = Path("/nowhere"), **changes: Any) -> Settings:
    values = {"base_url": "http://localhost", **changes}
    url = database.url.render_as_string(hide_password=False)
    return Settings(instance=folder, secret_key=KEY, database_url=url, **values)


def app_for(database: Database, folder: Path = Path("/nowhere"), **changes: Any) -> Flask:
    """An app on this database; with the usual settings it is a copy of one whose routes and templates are compiled."""
    settings = settings_for(database, folder, **changes)
    if changes:
        return app_of_its_own(settings, database)
    check_revision(database)
    hang_bell(database, settings)
    app = copy(_compiled(settings, database))
    app.config = copy(app.config)
    app.extensions = {**app.extensions, SETTINGS: settings, "evalhub_database": database}
    return app


def app_of_its_own(settings: Settings, database: Database) -> Flask:
    """An app that shares nothing, for a test that adds routes or sets it up otherwise."""
    app = create_app(settings, database)
    app.testing = True
    return app


_apps: list[Flask] = []


def _compiled(settings: Settings, database: Database) -> Flask:
    """The app of this process that is copied, and that answers no request itself."""
    if not _apps:
        _apps.append(app_of_its_own(settings, database))
        assert _apps[0].jinja_env  # made now, so that all copies fill its cache
    return _apps[0]


def a_person(
    database: Database, login: str, *, role: InstanceRole = InstanceRole.MEMBER, password: str | None = None
) -> Account:
    """A human account; with a password only where the test signs in by it, because hashing takes time."""
    password_hash = hash_password(password) if password else None

    def make(session: Any) -> Account:
        account = service.create_account(
            session, kind=AccountKind.HUMAN, login=login, display_name=login.title(), role=role, now=utc_now()
        )
        account.password_hash = password_hash
        return account

    return write(make, on=database)


def a_token(database: Database, account: Account) -> dict[str, str]:
    """The header by which a program acts as the account."""
    token = write(
        lambda session: service.create_token(session, account_id=account.id, name="test", now=utc_now()), on=database
    )
    return {"Authorization": f"Bearer {token}"}


class Page(HTMLParser):
    """What a page consists of, as far as tests ask."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.status = response.status_code
        self.headers = response.headers
        self.html = response.get_data(as_text=True)
        self.headings: list[str] = []
        self.title = ""
        self.text = ""
        self.links: list[str] = []
        self.forms: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self._ids: set[str] = set()
        self._labels: set[str] = set()
        self._controls: list[dict[str, str]] = []
        self.feed(self.html)
        self._check()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if "id" in given:
            if given["id"] in self._ids:
                self.faults.append(f"the id {given['id']} is given twice")
            self._ids.add(given["id"])
        if "style" in given or tag == "style" or (tag == "script" and "src" not in given):
            self.faults.append(f"inline script or style: <{tag} {given}>")
        self.faults += [f"inline handler {name}" for name in given if name.startswith("on")]
        if tag == "h1":
            self.headings.append("")
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "label" and "for" in given:
            self._labels.add(given["for"])
        elif tag == "form":
            self.forms.append({"action": given.get("action", ""), "method": given.get("method", "get"), "fields": {}})
        elif tag in ("input", "select", "textarea"):
            self._controls.append({**given, "tag": tag, "wrapped": "yes" if "label" in self._open else ""})
            if self.forms and "name" in given:
                self.forms[-1]["fields"][given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.title += data
        elif "h1" in self._open:
            self.headings[-1] += data
        if not {"title", "script"} & set(self._open):
            self.text += data

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form with this action, as they stand in the page."""
        found: dict[str, str] = next(form["fields"] for form in self.forms if form["action"] == action)
        return found

    @property
    def csrf_token(self) -> str:
        return next(form["fields"]["csrf_token"] for form in self.forms if "csrf_token" in form["fields"])

    def _check(self) -> None:
        headings = [" ".join(heading.split()) for heading in self.headings]
        if len(headings) != 1:
            self.faults.append(f"{len(headings)} h1 instead of one: {headings}")
        elif not " ".join(self.title.split()).startswith(headings[0]):
            self.faults.append(f"the title {self.title!r} does not begin with the h1 {headings[0]!r}")
        for control in self._controls:
            named = {"aria-label", "aria-labelledby"} & control.keys() or control["wrapped"]
            if control.get("type") not in NEEDS_NO_LABEL and not named and control.get("id") not in self._labels:
                self.faults.append(f"a control without a label: {control}")
        for form in self.forms:
            if form["method"].lower() == "post" and "csrf_token" not in form["fields"]:
                self.faults.append(f"the form to {form['action']!r} has no CSRF token")


class Browser:
    """One browser: keeps cookies, sends CSRF tokens, and fails the test on a page that is not well made."""

    def __init__(self, app: Flask, base_url: str | None = None) -> None:
        self.app = app
        self.settings: Settings = app.extensions[SETTINGS]
        self.database: Database = app.extensions["evalhub_database"]
        self.base_url = base_url or self.settings.base_url
        self.client = app.test_client()
        self.token = ""
        """The CSRF token of the page that was seen last."""

    @property
    def session_cookie(self) -> str | None:
        cookie = self.client.get_cookie(cookie_name(self.settings, "evalhub"), self.settings.host)
        return cookie.value if cookie else None

    def get(self, path: str, *, status: int = 200, **options: Any) -> Page:
        return self._page(self.client.get(path, base_url=self.base_url, **options), status)

    def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, status: int = 303, **options: Any
    ) -> TestResponse:
        """Send a form with the token of the last page; whatever page comes back is looked at."""
        sent = {"csrf_token": self.token, **(fields or {})}
        response = self.client.post(path, data=sent, base_url=self.base_url, **options)
        assert response.status_code == status, response.get_data(as_text=True)
        if response.mimetype == "text/html" and status != 303:
            self._page(response, status)
        return response

    def sign_in(self, login: str, password: str = PASSWORD, *, status: int = 303, **fields: str) -> TestResponse:
        """Sign in by the form."""
        self.get("/sign-in")
        response = self.post("/sign-in", {"login": login, "password": password, **fields}, status=status)
        if status == 303:
            self.get("/account")
        return response

    def sign_in_as(self, account: Account) -> Browser:
        """Sign in without the form, and without the time that a password takes."""
        secret = write(
            lambda session: service.open_session(session, account.id, life=timedelta(hours=12), now=utc_now()),
            on=self.database,
        )
        self.client.set_cookie(
            cookie_name(self.settings, "evalhub"), secret, domain=self.settings.host, secure=self.settings.is_https
        )
        self.get("/account")
        return self

    def _page(self, response: TestResponse, status: int) -> Page:
        assert response.status_code == status, f"{response.status_code}: {response.get_data(as_text=True)[:2000]}"
        page = Page(response)
        assert not page.faults, (response.request.path, page.faults)
        if any("csrf_token" in form["fields"] for form in page.forms):
            self.token = page.csrf_token
        return page
