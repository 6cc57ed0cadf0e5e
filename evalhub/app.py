"""The application: the only module that knows every feature."""

from __future__ import annotations

from flask import Blueprint, Flask

from evalhub.accounts import api as accounts_api
from evalhub.accounts import views as accounts_views
from evalhub.accounts.identity import ACCOUNTS
from evalhub.adjudication import api as adjudication_api
from evalhub.adjudication import views as adjudication_views
from evalhub.audit import views as audit_views
from evalhub.calibration import api as calibration_api
from evalhub.calibration import views as calibration_views
from evalhub.config import Settings
from evalhub.datasets import api as datasets_api
from evalhub.datasets import views as datasets_views
from evalhub.db import Database
from evalhub.errors import CannotStart
from evalhub.export import api as export_api
from evalhub.export import views as export_views
from evalhub.inbox import api as inbox_api
from evalhub.inbox import views as inbox_views
from evalhub.jobs.bell import hang_bell
from evalhub.migrating import check_revision, connect
from evalhub.projects import api as projects_api
from evalhub.projects import views as projects_views
from evalhub.reports import api as reports_api
from evalhub.reports import views as reports_views
from evalhub.review import api as review_api
from evalhub.review import views as review_views
from evalhub.rubrics import api as rubrics_api
from evalhub.rubrics import views as rubrics_views
from evalhub.training import api as training_api
from evalhub.training import views as training_views
from evalhub.web import design, openapi
from evalhub.web.context import SETTINGS
from evalhub.web.errors import register_errors
from evalhub.web.guard import guard
from evalhub.web.health import register_health
from evalhub.web.logs import register_access_log
from evalhub.web.pages import register_pages
from evalhub.web.policies import assert_every_route_has_a_policy
from evalhub.web.principal import register_accounts
from evalhub.wiring import connect_handlers

BLUEPRINTS: tuple[Blueprint, ...] = (
    accounts_views.bp,
    accounts_api.api_bp,
    openapi.bp,
    design.bp,
    rubrics_views.bp,
    rubrics_api.api_bp,
    datasets_views.bp,
    datasets_api.api_bp,
    projects_views.bp,
    projects_api.api_bp,
    inbox_views.bp,
    inbox_api.api_bp,
    review_views.bp,
    review_api.api_bp,
    training_views.bp,
    training_api.api_bp,
    calibration_views.bp,
    calibration_api.api_bp,
    adjudication_views.bp,
    adjudication_api.api_bp,
    export_views.bp,
    export_api.api_bp,
    reports_views.bp,
    reports_api.api_bp,
    audit_views.bp,
)


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """The WSGI application of an instance.

    Raises:
        CannotStart: when the settings or the database do not fit, or a route is unguarded.
    """
    database = database or connect(settings.database_url)
    check_revision(database)
    connect_handlers()
    hang_bell(database, settings)
    app = Flask("evalhub", static_folder=None, template_folder="web/templates")
    if app.debug:
        raise CannotStart("FLASK_DEBUG is set: its pages would run anybody's code; unset it", code="debug")
    app.extensions[SETTINGS] = settings
    app.extensions["evalhub_database"] = database
    register_accounts(app, ACCOUNTS)
    register_access_log(app)
    guard(app, settings)
    register_errors(app)
    register_pages(app)
    register_health(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    assert_every_route_has_a_policy(app)
    return app
