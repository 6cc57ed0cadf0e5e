"""The lists of the instance, in every order, from page to page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.db import Database
from evalhub.web.session import write
from tests import rows
from tests.web.client import Browser, a_person, app_for

N = 23
ORDERS = {
    "/projects": ("title", "dataset", "rubric", "made"),
    "/projects/p00/members": ("name", "since"),
    "/datasets": ("name", "items", "made"),
    "/rubrics": ("title", "name", "published"),
    "/people": ("name", "login", "seen", "made"),
}


@pytest.fixture
def admin(database: Database) -> Browser:
    root = a_person(database, "root", role=InstanceRole.ADMIN)
    write(lambda session: _filled(session, root.id), on=database)
    return Browser(app_for(database)).sign_in_as(root)


def _filled(session: Session, root_id: int) -> None:
    made = []
    for n in range(N):
        at = rows.NOW + timedelta(hours=n // 2)
        version = rows.rubric_version(session, rows.SIMPLE_RUBRIC.replace("answers", f"r{n:02}"))
        version.published_at = at
        dataset = rows.dataset(session, items=1 + n % 3, name=f"d{n:02}")
        dataset.created_at = at
        project = rows.project(session, dataset, version, name=f"p{n:02}")
        project.created_at = at
        made.append(project)
        person = rows.account(session, f"m{n:02}")
        rows.member(session, made[0], person).joined_at = at
    rows.member(session, made[0], session.get_one(Account, root_id), is_manager=True)


def pages_of(browser: Browser, path: str) -> Iterator[list[str]]:
    while path:
        page = browser.get(path)
        yield [line for line in page.html.splitlines() if '<th scope="row">' in line]
        path = next((link for link in page.links if "after=" in link and _is_next(page.html, link)), "")


def _is_next(html: str, link: str) -> bool:
    return f'rel="next" href="{link.replace("&", "&amp;")}"' in html


def test_every_order_of_every_list_shows_every_row_once(admin: Browser) -> None:
    for path, sorts in ORDERS.items():
        for sort in sorts:
            rising, falling = (
                [row for page in pages_of(admin, f"{path}?sort={sign}{sort}") for row in page] for sign in ("", "-")
            )
            assert len(rising) == len(set(rising)) >= N, (path, sort)
            assert falling == rising[::-1], (path, sort)


FILTERED = {
    "/projects?q=p07": 1, "/projects?state=closed": 0, "/projects?state=nonsense&q=P1": 10,
    "/projects/p00/members?role=manager": 1, "/projects/p00/members?q=m1": 10, "/datasets?q=d1": 10,
    "/rubrics?q=r03": 1, "/rubrics?q=nothing": 0,
}  # fmt: skip


def test_a_filter_leaves_what_fits(admin: Browser) -> None:
    for path, shown in FILTERED.items():
        page = admin.get(path)
        assert page.html.count('<th scope="row">') == shown, path
        assert ("Nothing fits" in page.text) == (shown == 0), path
        assert path.split("?")[0] in page.links, "the way back to the whole list"


def test_a_broken_place_or_order_is_the_first_page(admin: Browser) -> None:
    for path in ORDERS:
        whole = admin.get(path).html.count('<th scope="row">')
        assert admin.get(f"{path}?after=x&sort=y&q=").html.count('<th scope="row">') == whole == 20


def test_members_see_their_own_projects_alone(admin: Browser, database: Database) -> None:
    with database.reading() as session:
        ann = session.query(Account).filter_by(login="m04").one()
    browser = Browser(admin.app).sign_in_as(ann)
    assert browser.get("/projects").html.count('<th scope="row">') == 1
    assert "Nothing fits" in browser.get("/projects?q=p01").text
