"""The log as admins see it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from evalhub.accounts.models import InstanceRole
from evalhub.audit.service import record
from evalhub.db import Database
from evalhub.web.session import write
from tests.rows import NOW
from tests.web.client import Browser, a_person, app_for


@pytest.mark.parametrize("query", ["since=x", "action=none", "actor=" + 33 * "0"])
def test_a_filter_that_nothing_can_fit_is_refused(database: Database, query: str) -> None:
    browser = Browser(app_for(database)).sign_in_as(a_person(database, "root", role=InstanceRole.ADMIN))
    browser.get("/audit?after=broken")
    browser.get(f"/audit?{query}", status=422)


def test_the_log_is_shown_page_by_page_and_of_one_person_alone(database: Database) -> None:
    root = a_person(database, "root", role=InstanceRole.ADMIN)
    write(lambda session: [_happened(session, n, root.public_id if n % 2 else "") for n in range(120)], on=database)
    browser = Browser(app_for(database)).sign_in_as(root)
    first = browser.get("/audit")
    second = browser.get(next(link for link in first.links if "after=" in link))
    assert "number 119;" in first.text
    assert "number 69;" in second.text
    assert "Newer" in second.text
    assert "number 118;" not in browser.get(f"/audit?actor={root.public_id}").text
    assert "number 117;" in browser.get(f"/audit?actor={root.public_id}").text


def _happened(session: Session, n: int, actor: str) -> None:
    record(session, action="thing.done", subject=("thing", str(n)), actor=actor, at=NOW, payload={"n": f"number {n};"})
