"""The first steps of an instance: from nothing to a project that people grade in."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.identity import personal_settings
from evalhub.accounts.service.settings import change_settings
from evalhub.jobs.service import enqueue
from evalhub.projects.queries import first_steps
from evalhub.projects.schema import DEMO_PROJECT
from evalhub.projects.views.blueprint import bp
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/start")
@allowed(admin)
def start() -> ResponseReturnValue:
    with reading() as session:
        steps = first_steps(session)
    return render_template("projects/start.html", steps=steps, is_put_aside=personal_settings().knows_the_way)


@bp.post("/start/aside")
@allowed(admin)
def put_start_aside() -> ResponseReturnValue:
    """Home shows the usual page from now on; the first steps stay at their address."""
    account_id = require_principal().account_id
    write(lambda session: change_settings(session, account_id, knows_the_way=True))
    flash("The first steps are put aside. They stay at /start.")
    return redirect("/", 303)


@bp.post("/start/demo")
@allowed(admin)
def load_demo() -> ResponseReturnValue:
    by_id = require_principal().account_id
    job = write(lambda session: enqueue(session, DEMO_PROJECT, {}, project_id=None, by_id=by_id).public_id)
    return redirect(url_for("projects.job", job=job), 303)
