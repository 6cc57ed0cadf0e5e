"""Hand out more items to a second reviewer."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.calibration.forms import MoreItemsForm
from evalhub.calibration.views.blueprint import bp
from evalhub.errors import BadInput, Conflict
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.queries.more import more_items
from evalhub.review.service.more import hand_out_more
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading


@bp.get("/projects/<p>/calibration/more-items")
@allowed(manage_project)
def plan_more(p: str) -> ResponseReturnValue:
    """What it would mean, before it is done; `?n=` and `?criterion=` fill the form."""
    return _page(p, MoreItemsForm(request.args))


@bp.post("/projects/<p>/calibration/more-items")
@allowed(manage_project)
def hand_out(p: str) -> ResponseReturnValue:
    form = MoreItemsForm.from_request()
    if not form.validate():
        return _page(p, form), 422
    try:
        done = hand_out_more(
            current_database(),
            p,
            form.n.data,
            seed=new_seed() if form.seed.data is None else form.seed.data,
            by_id=require_principal().account_id,
            criterion=form.criterion.data or "",
        )
    except (BadInput, Conflict) as error:
        form.form_errors.append(error.message)
        return _page(p, form), error.http_status
    few = "" if done.given == done.asked else f" There were no more: {done.asked} were asked for."
    flash(f"{done.given} {'item gets' if done.given == 1 else 'items get'} a second reviewer.{few}")
    return redirect(url_for("calibration.calibration", p=p), 303)


def new_seed() -> int:
    """Of a draw, made with the page: two clicks on one page are then one draw."""
    return secrets.randbelow(2**31)


def _page(p: str, form: MoreItemsForm) -> str:
    with reading() as session:
        project = project_named(session, p)
        plan = more_items(session, project)
    form.seed.data = new_seed()
    n = form.n.data if form.n.data and form.n.data > 0 else 0
    given = min(n, plan.most)
    return render_template(
        "calibration/more_items.html", project=project, form=form, plan=plan, given=given, hours=plan.hours(given)
    )
