"""An export shows everybody's work, so nobody takes one who may still grade."""

from __future__ import annotations

from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import close_project, set_member
from evalhub.web.session import write
from tests.web.client import Browser, a_token, app_for
from tests.world import MOMENT, a_project

PAGE = "/projects/p/exports"
API = "/api/v1/projects/p/export"
SCORES = {"accuracy": "excellent", "clarity": "adequate"}


def test_a_manager_who_may_still_grade_takes_no_export(database: Database) -> None:
    world = a_project(database, items=2)
    ann, project_id = world.people["ann"], world.project.id
    roles = {ProjectRole.REVIEWER, ProjectRole.MANAGER}
    write(lambda s: set_member(s, project_id, ann.id, roles, by=None, now=MOMENT), on=database)
    world.review_all("ben", SCORES)
    app = app_for(database)
    browser, token = Browser(app).sign_in_as(ann), a_token(database, ann)
    browser.get(PAGE)
    answer = browser.post(PAGE, {"shape": "bundle"}, status=403)
    assert "You still grade in this project" in answer.get_data(as_text=True)
    refused = app.test_client().get(API, headers=token)
    assert refused.status_code == 403
    assert b"adequate" not in refused.data
    assert app.test_client().post(API, headers=token).status_code == 403
    world.review_all("ann", SCORES)
    assert app.test_client().get(API, headers=token).status_code == 200


def test_a_closed_project_can_be_exported_by_a_manager_who_graded(database: Database) -> None:
    world = a_project(database, items=2)
    ann, project_id = world.people["ann"], world.project.id
    roles = {ProjectRole.REVIEWER, ProjectRole.MANAGER}
    write(lambda s: set_member(s, project_id, ann.id, roles, by=None, now=MOMENT), on=database)
    write(lambda s: close_project(s, project_id, by=None, now=MOMENT), on=database)
    assert app_for(database).test_client().get(API, headers=a_token(database, ann)).status_code == 200
