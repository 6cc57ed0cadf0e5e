"""Reading and keys: how somebody likes the pages."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.forms import DisplayForm
from evalhub.accounts.identity import personal_settings
from evalhub.accounts.schema import PersonalSettings
from evalhub.accounts.service import change_settings
from evalhub.accounts.views.blueprint import bp
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import write


@bp.get("/account/display")
@allowed(signed_in)
def display() -> ResponseReturnValue:
    return render_template("accounts/display.html", form=DisplayForm.of(personal_settings()))


@bp.post("/account/display")
@allowed(signed_in)
def change_display() -> ResponseReturnValue:
    form, account_id = DisplayForm.from_request(), require_principal().account_id
    if not form.validate():
        return render_template("accounts/display.html", form=form), 422
    write(lambda session: change_settings(session, account_id, **form.changes()))
    flash("Stored: this is how pages look and which keys act from now on.")
    return redirect(url_for("accounts.display"), 303)


@bp.post("/account/display/reset")
@allowed(signed_in)
def reset_display() -> ResponseReturnValue:
    """Back to the defaults; the goal stays, for it is no matter of taste."""
    account_id = require_principal().account_id
    defaults = PersonalSettings().model_dump(exclude={"goal"})
    write(lambda session: change_settings(session, account_id, **defaults))
    flash("Everything is as it was at first.")
    return redirect(url_for("accounts.display"), 303)
