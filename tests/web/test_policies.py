from __future__ import annotations

import pytest
from flask import Flask

from evalhub.db import Database
from evalhub.errors import CannotStart, NotFound
from evalhub.web.policies import allowed, anyone, assert_every_route_has_a_policy, signed_in
from evalhub.web.principal import Principal
from tests.web.client import Browser, a_person, a_token, app_for, app_of_its_own, settings_for
from tests.world import a_project


def test_a_route_without_a_policy_keeps_the_app_from_starting(app: Flask) -> None:
    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/open", "open_door", lambda: "in")
    with pytest.raises(CannotStart, match=r"/open \(open_door\) declares no policy"):
        assert_every_route_has_a_policy(bare)


def test_a_policy_that_asks_for_what_its_route_lacks_keeps_the_app_from_starting() -> None:
    def manage_project(principal: Principal, p: str) -> bool:
        return True

    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/projects", "projects", allowed(manage_project)(lambda: "in"))
    with pytest.raises(CannotStart, match="lacks what its policy asks for: p"):
        assert_every_route_has_a_policy(bare)


def test_every_route_of_the_app_has_a_policy(app: Flask) -> None:
    assert_every_route_has_a_policy(app)


def _with_project_route(database: Database) -> Flask:
    def see_project(principal: Principal, p: str) -> bool:
        if p != "mine":
            raise NotFound
        return principal.is_admin

    app = app_of_its_own(settings_for(database), database)
    app.add_url_rule("/test/<p>/<other>", "test_project", allowed(see_project)(lambda p, other: f"{p} {other}"))
    app.add_url_rule("/api/v1/test/<p>", "test_project_api", allowed(see_project)(lambda p: p))
    return app


def test_a_policy_gets_the_principal_and_the_arguments_it_names(sqlite_database: Database) -> None:
    app = _with_project_route(sqlite_database)
    member = Browser(app).sign_in_as(a_person(sqlite_database, "member"))
    assert member.client.get("/test/mine/x").status_code == 403


def test_a_foreign_object_looks_like_a_missing_page(sqlite_database: Database) -> None:
    app = _with_project_route(sqlite_database)
    ann = a_person(sqlite_database, "ann")
    browser = Browser(app).sign_in_as(ann)
    foreign, missing = browser.client.get("/test/hers/x"), browser.client.get("/no/such/page")
    assert (foreign.status_code, foreign.data) == (404, missing.data)
    headers = a_token(sqlite_database, ann)
    foreign, missing = (app.test_client().get(f"/api/v1/{path}", headers=headers) for path in ("test/hers", "nothing"))
    assert (foreign.status_code, foreign.data) == (404, missing.data)


@pytest.mark.parametrize("path", ["projects/{}", "projects/{}/rounds", "projects/{}/rounds/1"])
def test_a_foreign_project_looks_like_one_that_does_not_exist(sqlite_database: Database, path: str) -> None:
    a_project(sqlite_database, name="hers")
    ann = a_person(sqlite_database, "outsider")
    browser = Browser(app_for(sqlite_database)).sign_in_as(ann)
    foreign, missing = (browser.client.get(f"/{path.format(name)}") for name in ("hers", "none"))
    assert (foreign.status_code, foreign.data) == (404, missing.data)
    headers = a_token(sqlite_database, ann)
    strangers = app_for(sqlite_database).test_client()
    foreign, missing = (strangers.get(f"/api/v1/{path.format(name)}", headers=headers) for name in ("hers", "none"))
    assert (foreign.status_code, foreign.data) == (404, missing.data)


def test_a_stranger_is_sent_to_sign_in_before_the_policy_looks_anything_up(sqlite_database: Database) -> None:
    response = _with_project_route(sqlite_database).test_client().get("/test/hers/x?page=2")
    assert response.status_code == 303
    assert response.headers["Location"] == "/sign-in?next=/test/hers/x?page%3D2"


def test_only_anyone_is_open_to_strangers() -> None:
    assert anyone(None)
    assert signed_in(Principal(1, "a", "A", False, "session"))
