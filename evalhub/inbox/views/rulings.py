"""Rulings of a rubric, and who owns it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.errors import BadInput
from evalhub.inbox import service
from evalhub.inbox.forms import OwnerForm, show_faults
from evalhub.inbox.policies import own_rubric
from evalhub.inbox.queries.owners import rubric_named
from evalhub.inbox.queries.rulings import rulings_of
from evalhub.inbox.views.blueprint import bp
from evalhub.rubrics.queries import rubric_version_of
from evalhub.web.context import utc_now
from evalhub.web.policies import admin, allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/rubrics/<name>/rulings")
@allowed(signed_in)
def rulings(name: str) -> ResponseReturnValue:
    return _page(name, OwnerForm())


@bp.post("/rubrics/<name>/rulings/<ruling>/withdraw")
@allowed(own_rubric)
def withdraw(name: str, ruling: str) -> ResponseReturnValue:
    me, now = require_principal().account_id, utc_now()
    write(
        lambda s: (
            service.withdraw_ruling(s, rubric_named(s, name).id, ruling, by=s.get_one(Account, me), at=now).public_id
        )
    )
    flash("Withdrawn. Reviewers no longer see it.")
    return redirect(url_for("inbox.rulings", name=name), 303)


@bp.post("/rubrics/<name>/owner")
@allowed(admin)
def hand_on(name: str) -> ResponseReturnValue:
    form, me, now = OwnerForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        return _page(name, form), 422
    try:
        owner = write(
            lambda s: service.hand_on(s, name, form.login.data, by=s.get_one(Account, me), at=now).display_name
        )
    except BadInput as error:
        show_faults(form, error)
        return _page(name, form), error.http_status
    flash(f"{owner} owns the rubric now, and answers its inbox.")
    return redirect(url_for("inbox.rulings", name=name), 303)


def _page(name: str, form: OwnerForm) -> str:
    with reading() as session:
        rubric = rubric_named(session, name)
        version = rubric_version_of(session, name)
        lines = rulings_of(session, rubric.id)
        owner = session.get(Account, rubric.owner_id) if rubric.owner_id is not None else None
    return render_template(
        "inbox/rulings.html",
        rubric=rubric,
        version=version,
        lines=lines,
        owner=owner,
        may_withdraw=own_rubric(require_principal(), name),
        form=form,
    )
