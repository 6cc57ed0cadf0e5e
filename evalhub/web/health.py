"""Alive, ready, and figures for a monitor."""

from __future__ import annotations

import os

import sqlalchemy.exc
from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from evalhub.migrating import current_revision, expected_revision
from evalhub.web.answers import json_response
from evalhub.web.logs import seconds_taken
from evalhub.web.policies import admin, allowed, anyone
from evalhub.web.session import current_database

REVISION = "evalhub_revision"

bp = Blueprint("health", __name__)
REQUESTS = Counter("evalhub_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("evalhub_request_seconds", "Time to answer", ["method", "route"])


@bp.get("/livez")
@allowed(anyone)
def livez() -> ResponseReturnValue:
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@allowed(anyone)
def readyz() -> ResponseReturnValue:
    """Whether the database answers and has this version's schema."""
    try:
        revision = current_revision(current_database())
    except (sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError):
        return json_response({"ready": False, "reason": "the database cannot be reached"}, 503, {"Retry-After": "5"})
    if revision != current_app.extensions[REVISION]:
        return json_response({"ready": False, "reason": "the database has another revision"}, 503)
    return json_response({"ready": True})


@bp.get("/metrics")
@allowed(admin)
def metrics() -> ResponseReturnValue:
    """Counts of requests, for an admin's token only: they would tell reviewers of each other's work."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def register_health(app: Flask) -> None:
    app.extensions[REVISION] = expected_revision(app.extensions["evalhub_database"])
    app.register_blueprint(bp)
    app.after_request(_count)


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "(none)"
    REQUESTS.labels(request.method, route, str(response.status_code)).inc()
    SECONDS.labels(request.method, route).observe(seconds_taken())
    return response
