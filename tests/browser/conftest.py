"""People who sign in with a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from evalhub.accounts.models import InvitationPurpose
from evalhub.accounts.service import create_link
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.session import write
from tests.servers import Server
from tests.web.conftest import demo, demo_template

__all__ = ["demo", "demo_template", "sign_in"]

SignIn = Callable[..., Page]


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
