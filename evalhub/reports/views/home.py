"""Home, and what a project shows of its work."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.identity import personal_settings
from evalhub.projects.views.blueprint import is_at_first_steps
from evalhub.reports.forms import GoalForm, HoursForm
from evalhub.reports.queries import home_of
from evalhub.reports.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, anyone
from evalhub.web.principal import current_principal, require_principal
from evalhub.web.session import reading


@bp.get("/")
@allowed(anyone)
def home() -> ResponseReturnValue:
    principal = current_principal()
    if principal is None:
        return redirect(url_for("accounts.sign_in"), 303)
    if is_at_first_steps():
        return redirect(url_for("projects.start"), 303)
    return home_page()


def home_page(goal_form: GoalForm | None = None) -> str:
    """Home, with a goal that was sent and does not fit."""
    principal, now = require_principal(), utc_now()
    form = HoursForm(request.args)
    period = form.hours.data if form.validate() else "week"
    with reading() as session:
        shown = home_of(
            session,
            principal.account_id,
            is_admin=principal.is_admin,
            at=now,
            hours_from=_start_of(period, now),
        )
    goal = personal_settings().goal
    return render_template(
        "reports/home.html", home=shown, now=now, hours=period, goal=goal, goal_form=goal_form or GoalForm.of(goal)
    )


def _start_of(period: str, now: datetime) -> datetime:
    """Midnight in UTC of this week's Monday, or of the first of this month."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if period == "month" else day - timedelta(days=day.weekday())
