"""A case that no adjudicator may settle: say so, and record a way out."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.adjudication.forms import ReasonForm
from evalhub.adjudication.policies import unblock_case
from evalhub.adjudication.queries.cases import case_of
from evalhub.adjudication.queries.nobody import graders_of, reconciliation_of
from evalhub.adjudication.schema import case_alias
from evalhub.adjudication.service.exceptions import FEWEST, ask_to_reconcile, grant_exception
from evalhub.adjudication.views.blueprint import bp
from evalhub.errors import BadInput, Conflict
from evalhub.projects.models import Project
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/cases/<public_id>/nobody-left")
@allowed(unblock_case)
def nobody_left(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@bp.post("/cases/<public_id>/reconcile")
@allowed(unblock_case)
def ask_graders(public_id: str) -> ResponseReturnValue:
    refused = _recorded(public_id, ask_to_reconcile, "reconcile")
    if refused is not None:
        return refused
    flash("The reviewers of the item are asked to settle it together. They find it on their home page.")
    return redirect(url_for("adjudication.nobody_left", public_id=public_id), 303)


@bp.post("/cases/<public_id>/exception")
@allowed(unblock_case)
def take_exception(public_id: str) -> ResponseReturnValue:
    refused = _recorded(public_id, grant_exception, "exception")
    if refused is not None:
        return refused
    flash("Recorded. You may settle this case; what you wrote is kept with the decision.")
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


def _recorded(public_id: str, grant: Callable[..., None], way: str) -> ResponseReturnValue | None:
    """Record the way; the page again where that is refused."""
    form, by_id = ReasonForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(public_id, form, way), 422
    try:
        write(
            lambda session: grant(
                session, public_id, form.reason.data, by=session.get_one(Account, by_id), at=utc_now()
            )
        )
    except (BadInput, Conflict) as error:
        form.form_errors.extend([f"The reason {fault.message}." for fault in error.faults] or [error.message])
        return _page(public_id, form, way), error.http_status
    return None


def _page(public_id: str, sent: ReasonForm | None = None, way: str = "") -> str:
    """Nothing of the item or of what was said about it: whoever reads this may have graded it."""
    with reading() as session:
        place = case_of(session, public_id)
        project = session.get_one(Project, place.project_id)
        shown = {
            "n_graders": len(graders_of(session, place)),
            "reconciliation": reconciliation_of(session, place),
        }
    return render_template(
        "adjudication/nobody_left.html",
        case_id=public_id,
        alias=case_alias(public_id),
        project=project,
        fewest=FEWEST,
        form=sent or ReasonForm(),
        way=way,
        **shown,
    )
