"""A real Chromium, and people who sign in with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from evalhub.accounts.models import InvitationPurpose
from evalhub.accounts.service import create_link
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.conftest import unavailable
from tests.servers import Server

SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    if path is None:
        unavailable("no Chromium: install the system's package `chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def sign_in(chromium: Browser) -> Iterator[SignIn]:
    """Open a browser of one person by a one-time link; a script error or a foreign request fails the test."""
    contexts, faults = [], []

    def open_as(server: Server, database: Database, account_id: int, **options: object) -> Page:
        token = write(
            lambda s: create_link(
                s,
                account_id=account_id,
                purpose=InvitationPurpose.SIGN_IN,
                by_id=None,
                now=utc_now(),
                valid_for=timedelta(hours=1),
            ),
            on=database,
        )
        context = chromium.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((server.url, "data:", "blob:"))
                else faults.append(f"foreign request: {request.url}")
            ),
        )
        page.goto(f"/links/{token}")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/links/" not in url)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert faults == []
