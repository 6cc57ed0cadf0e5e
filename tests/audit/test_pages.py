"""The log as admins see it."""

from __future__ import annotations

import pytest

from evalhub.accounts.models import InstanceRole
from evalhub.db import Database
from tests.web.client import Browser, a_person, app_for


@pytest.mark.parametrize("query", ["before=0", "before=9223372036854775808", "before=x", "since=x", "action=none"])
def test_a_filter_that_nothing_can_fit_is_refused(database: Database, query: str) -> None:
    browser = Browser(app_for(database)).sign_in_as(a_person(database, "root", role=InstanceRole.ADMIN))
    browser.get("/audit?before=9223372036854775807")
    browser.get(f"/audit?{query}", status=422)
