"""This session: what I graded since the last pause, my goal, and the end of the day."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.identity import personal_settings
from evalhub.accounts.service import change_settings
from evalhub.reports.forms import GoalForm
from evalhub.reports.views.blueprint import bp
from evalhub.reports.views.home import home_page
from evalhub.review.queries.work import LONGEST, PAUSE, work_session
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/session")
@allowed(signed_in)
def session() -> ResponseReturnValue:
    with reading() as database:
        work = work_session(database, require_principal().account_id, at=utc_now())
    return render_template(
        "reports/session.html", work=work, goal=personal_settings().goal, pause=PAUSE, longest=LONGEST
    )


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
