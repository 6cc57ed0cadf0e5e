"""Settled items as gold items; the managers' page of training sends its form here."""

from __future__ import annotations

from flask import flash, redirect
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.adjudication.service.references import add_settled_gold
from evalhub.adjudication.views.blueprint import bp
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.training.forms import GoldForm
from evalhub.training.models import Use
from evalhub.training.views.manage import manage_page
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.post("/projects/<p>/cases/gold")
@allowed(manage_project)
def gold(p: str) -> ResponseReturnValue:
    form, by_id, at = GoldForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        return manage_page(p, gold_form=form), 422
    with reading() as session:
        project_id = project_named(session, p).id
    items, use = form.listed(), Use(form.use.data)
    try:
        write(lambda s: add_settled_gold(s, project_id, items, use, by=s.get(Account, by_id), at=at))
    except (BadInput, Conflict, NotFound) as error:
        form.show(error)
        return manage_page(p, gold_form=form), 422 if isinstance(error, NotFound) else error.http_status
    flash(f"{len(items)} {'item is' if len(items) == 1 else 'items are'} in use now.")
    return redirect(f"/projects/{p}/training/manage", 303)
