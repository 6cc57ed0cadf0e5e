"""This session: what I graded since the last pause, my goal, and the end of the day."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.identity import personal_settings
from evalhub.accounts.service import change_settings
from evalhub.errors import NotFound
from evalhub.reports.forms import GoalForm
from evalhub.reports.own_levels import own_charts
from evalhub.reports.queries.home import home_cards, way_on
from evalhub.reports.views.blueprint import bp
from evalhub.reports.views.home import home_page
from evalhub.review.queries.own_levels import own_levels
from evalhub.review.queries.work import LONGEST, PAUSE, WorkSession, work_session
from evalhub.review.service.stopping import let_unbegun_lapse
from evalhub.web.answers import csv_file, svg_file
from evalhub.web.charts import Chart
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/session")
@allowed(signed_in)
def session() -> ResponseReturnValue:
    work, charts = _seen()
    account_id = require_principal().account_id
    with reading() as database:
        cards = home_cards(database, account_id, is_admin=False)
    return render_template(
        "reports/session.html",
        work=work,
        charts=charts.values(),
        goal=personal_settings().goal,
        next=way_on(cards),
        hours_of_pause=int(PAUSE.total_seconds() // 3600),
        hours_at_most=int(LONGEST.total_seconds() // 3600),
        chart_url=lambda name, ending: url_for(f"reports.session_{ending}", name=name),
    )


@bp.get("/session/charts/<name>.svg")
@allowed(signed_in)
def session_svg(name: str) -> ResponseReturnValue:
    return svg_file(_chart(name), f"my-{name}")


@bp.get("/session/charts/<name>.csv")
@allowed(signed_in)
def session_csv(name: str) -> ResponseReturnValue:
    return csv_file(_chart(name), f"my-{name}")


@bp.post("/session/goal")
@allowed(signed_in)
def set_goal() -> ResponseReturnValue:
    form, account_id = GoalForm.from_request(), require_principal().account_id
    if not form.validate():
        return home_page(form), 422
    goal = form.goal()
    write(lambda session: change_settings(session, account_id, goal=goal))
    flash("Your goal is set." if goal else "You have no goal any more.")
    return redirect(url_for("reports.home"), 303)


@bp.post("/session/stop")
@allowed(signed_in)
def stop() -> ResponseReturnValue:
    account_id = require_principal().account_id
    if write(lambda session: let_unbegun_lapse(session, account_id)):
        flash("Stopped for today. The item that you had not begun goes back for others to take.")
    else:
        flash("Stopped for today. Everything that you wrote is kept.")
    return redirect(url_for("reports.home"), 303)


def _seen() -> tuple[WorkSession, dict[str, Chart]]:
    account_id = require_principal().account_id
    with reading() as session:
        work = work_session(session, account_id, at=utc_now())
        given = own_levels(session, account_id, since=work.since) if work.since else []
    return work, own_charts(given)


def _chart(name: str) -> Chart:
    chart = _seen()[1].get(name)
    if chart is None:
        raise NotFound("This session has no such chart.")
    return chart
