from __future__ import annotations

import pytest

from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.projects.views.tabs import SECTIONS
from tests.web.client import Browser, app_for
from tests.world import a_project, with_roles

FIGURES = {"", "/items", "/calibration", "/rounds", "/models"}


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        (ProjectRole.MANAGER, {section.path for section in SECTIONS}),
        (ProjectRole.VIEWER, FIGURES),
        (ProjectRole.ADJUDICATOR, {"", "/cases"}),
        (ProjectRole.REVIEWER, {""}),
    ],
)
def test_everybody_sees_the_tabs_of_what_they_may_open(
    sqlite_database: Database, role: ProjectRole, paths: set[str]
) -> None:
    world = with_roles(a_project(sqlite_database, items=1), "kim", role)
    browser = Browser(app_for(sqlite_database)).sign_in_as(world.people["kim"])
    page = browser.get("/projects/p")
    assert {section.path for section in SECTIONS if f"/projects/p{section.path}" in page.links} == paths
    for path in paths:
        assert 'aria-current="page">' in browser.get(f"/projects/p{path}").html


def test_every_page_of_a_project_marks_the_one_tab_that_it_belongs_to(sqlite_database: Database) -> None:
    world = with_roles(a_project(sqlite_database, items=1), "kim", ProjectRole.MANAGER)
    browser = Browser(app_for(sqlite_database)).sign_in_as(world.people["kim"])
    for section in SECTIONS:
        page = browser.get(f"/projects/p{section.path}").html
        tabs = page.split('aria-label="Parts of the project">')[1].split("</nav>")[0]
        assert f'<a href="/projects/p{section.path}" aria-current="page">{section.label}</a>' in tabs
        assert tabs.count("aria-current") == 1
    for path, label in (("/adopt", "Settings"), ("/reviews/void", "Members"), ("/ratings/import", "Members")):
        tabs = browser.get(f"/projects/p{path}").html.split('aria-label="Parts of the project">')[1].split("</nav>")[0]
        assert f'aria-current="page">{label}</a>' in tabs
