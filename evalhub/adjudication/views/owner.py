"""Send a case to the owner of the rubric: what is disputed may be a sentence that can be read in two ways."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import CaseState
from evalhub.adjudication.policies import settle_case
from evalhub.adjudication.queries.cases import Standing, case_of, standing
from evalhub.adjudication.queries.file import CaseFile, case_file
from evalhub.adjudication.views.blueprint import bp
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.inbox.forms import TextForm, show_faults
from evalhub.inbox.schema import About, EntryKind
from evalhub.inbox.service import send_entry
from evalhub.review.models import Task
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

MEANWHILE = {
    CaseState.OPEN: "The case stays open.",
    CaseState.DECIDED: "The decision stands meanwhile.",
    CaseState.CORRECTED: "The case stays as it is.",
    CaseState.SET_ASIDE: "The case stays as it is.",
}


@bp.get("/cases/<public_id>/send-to-owner")
@allowed(settle_case)
def owner_form(public_id: str) -> ResponseReturnValue:
    file, form = _taken(public_id), TextForm()
    form.offer([one.criterion for one in file.disputed])
    return _page(file, form)


@bp.post("/cases/<public_id>/send-to-owner")
@allowed(settle_case)
def send_to_owner(public_id: str) -> ResponseReturnValue:
    file, form, me, now = _taken(public_id), TextForm.from_request(), require_principal().account_id, utc_now()
    form.offer([one.criterion for one in file.disputed])
    if not form.validate():
        return _page(file, form), 422

    def send(session: Session) -> None:
        task = session.get_one(Task, (file.case.project_id, file.case.task_id))
        send_entry(
            session,
            rubric_version_id=task.rubric_version_id,
            kind=EntryKind.CASE,
            text=form.text.data,
            criterion=form.criterion.data or None,
            about=About(task.project_id, task.dataset_id, task.item_id, public_id),
            sender=session.get_one(Account, me),
            at=now,
        )

    try:
        write(send)
    except (BadInput, Conflict) as error:
        show_faults(form, error)
        return _page(file, form), error.http_status
    meanwhile = MEANWHILE[file.case.state]
    flash(f"Sent to the owner of the rubric; the answer comes to your questions in the inbox. {meanwhile}")
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


def _page(file: CaseFile, form: TextForm) -> str:
    return render_template("adjudication/owner.html", file=file, form=form, meanwhile=MEANWHILE[file.case.state])


def _taken(public_id: str) -> CaseFile:
    """The case that whoever is signed in has taken.

    Raises:
        NotFound: they have not, or may not.
    """
    with reading() as session:
        place = case_of(session, public_id)
        if standing(session, place, require_principal().account_id) is not Standing.TAKEN:
            raise NotFound
        return case_file(session, place)
