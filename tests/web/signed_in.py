"""Browser contexts in which a person of the demo is signed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from evalhub.db import Database
from evalhub.demo.people import sign_in_links


@dataclass
class Demo:
    """The served demo; each person signs in once, by the link."""

    browser: Browser
    database: Database
    url: str
    _links: dict[str, str] = field(default_factory=dict)
    _states: dict[str, StorageState] = field(default_factory=dict)

    def context(self, person: str, **options: Any) -> BrowserContext:
        """A context of "reviewer", "adjudicator" or "admin"; `options` are the browser's."""
        if person not in self._states:
            self._states[person] = self._sign_in(person)
        return self.browser.new_context(storage_state=self._states[person], base_url=self.url, **options)

    def _sign_in(self, person: str) -> StorageState:
        if not self._links:
            links = sign_in_links(self.database, self.url)
            self._links = {link.name.removeprefix("Demo "): link.url for link in links}
        with self.browser.new_context() as context:
            page = context.new_page()
            page.goto(self._links[person])
            page.click("main button[type=submit]")
            page.wait_for_url(f"{self.url}/")
            return context.storage_state()


def next_item(page: Page) -> str:
    """Take the next item, or the one in work; the path of its review page."""
    page.goto("/")
    page.locator("main a.primary, main form[action$='/next'] button").first.click()
    page.wait_for_url("**/assignments/*")
    return "/assignments/" + page.url.rsplit("/", 1)[1]
