"""A grader settles a case together with the others: sees what all gave, and answers again."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.adjudication.forms import NOT_APPLICABLE, DecisionForm, decision_form, fresh_decision_form
from evalhub.adjudication.models import CaseState
from evalhub.adjudication.policies import reconcile_case
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.queries.file import CaseFile, case_file
from evalhub.adjudication.service.reconciling import reconcile
from evalhub.adjudication.views.blueprint import bp
from evalhub.adjudication.views.reading import what_was_graded
from evalhub.errors import BadInput, Conflict
from evalhub.review.queries.assignments import desk_of
from evalhub.review.schema import item_alias
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/assignments/<public_id>/reconcile")
@allowed(reconcile_case)
def reconcile_form(public_id: str) -> ResponseReturnValue:
    file = _shown(public_id)
    if file is None or file.case.state is not CaseState.OPEN:
        return redirect(url_for("adjudication.resolution", public_id=public_id), 303)
    form = fresh_decision_form([one.criterion for one in file.disputed], file.case.revision)
    for field, given in _given(file).items():
        form[field].data = given
    return _page(public_id, file, form)


@bp.post("/assignments/<public_id>/reconcile")
@allowed(reconcile_case)
def answer_again(public_id: str) -> ResponseReturnValue:
    file, by_id = _shown(public_id), require_principal().account_id
    if file is None or file.case.state is not CaseState.OPEN:
        return redirect(url_for("adjudication.resolution", public_id=public_id), 303)
    form = decision_form([one.criterion for one in file.disputed]).from_request()
    if not form.validate():
        return _page(public_id, file, form), 422
    body = form.body()
    try:
        state = write(
            lambda session: reconcile(session, public_id, body, by=session.get_one(Account, by_id), at=utc_now())
        )
    except (BadInput, Conflict) as error:
        form.show_refusal(error)
        return _page(public_id, file, form), error.http_status
    if state is CaseState.DECIDED:
        flash("You all agree: the item is settled.")
        return redirect(url_for("adjudication.resolution", public_id=public_id), 303)
    flash("Kept. The item is settled once the last answers of all its reviewers agree.")
    return redirect(url_for("adjudication.reconcile_form", public_id=public_id), 303)


def _shown(public_id: str) -> CaseFile | None:
    """The case of the assignment; none until the reviewer has asked to see what others said."""
    with reading() as session:
        desk = desk_of(session, public_id, require_principal().account_id)
        if desk.assignment.others_shown_at is None:
            return None
        return case_file(session, CasePlace(desk.project.id, desk.task.id))


def _given(file: CaseFile) -> dict[str, str]:
    """What the grader gave, by field: to confirm it takes one press."""
    me, found = require_principal().account_id, {}
    for one in file.disputed:
        own = next((rating for rating in one.ratings if rating.reviewer.account_id == me), None)
        if own is None:
            continue
        if own.rank is not None:
            found[f"level-{one.criterion.key}"] = one.criterion.levels[own.rank].key
        else:
            found[f"level-{one.criterion.key}"] = NOT_APPLICABLE if own.is_not_applicable else own.answer
    return found


def _page(public_id: str, file: CaseFile, form: DecisionForm) -> str:
    me = require_principal().account_id
    alias = item_alias(public_id)
    return render_template(
        "adjudication/reconcile.html",
        assignment_id=public_id,
        alias=alias,
        file=file,
        form=form,
        own=next((one.letter for one in file.reviewers if one.account_id == me), ""),
        reading=what_was_graded(file.item, alias),
    )
