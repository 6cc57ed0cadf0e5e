"""The log, for admins."""

from __future__ import annotations

from datetime import UTC, datetime, time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.audit.forms import FilterForm
from evalhub.audit.queries import actions, chain_differences, events_of
from evalhub.audit.schema import details, sentence
from evalhub.audit.service import chain_all
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import accounts
from evalhub.web.session import current_database, reading

bp = Blueprint("audit", __name__, template_folder="templates")


@bp.get("/audit")
@allowed(admin)
def audit() -> ResponseReturnValue:
    form = FilterForm(request.args)
    with reading() as session:
        form.offer(actions(session))
        is_valid = form.validate()
        since = form.since.data if is_valid else None
        page = events_of(
            session,
            action=(form.action.data or "") if is_valid else "",
            since=datetime.combine(since, time.min, UTC) if since else None,
            actor=(form.actor.data or "") if is_valid else "",
            after=request.args.get("after"),
        )
    names = accounts().names_of(line.event.actor for line in page.lines if line.event.actor)
    status = 200 if is_valid else 422
    return render_template(
        "audit/audit.html", form=form, page=page, names=names, sentence=sentence, details=details
    ), status


@bp.post("/audit/verify")
@allowed(admin)
def verify() -> ResponseReturnValue:
    """Chain what waits, then look at every chain from its beginning."""
    chain_all(current_database())
    with reading() as session:
        differences = chain_differences(session)
    if differences:
        flash("The log is not whole. " + " ".join(f"{difference}." for difference in differences), "error")
    else:
        flash("The log is whole: every event stands where and as it was written.")
    return redirect(url_for("audit.audit"), 303)
