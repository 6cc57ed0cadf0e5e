"""What became of an item, for its reviewers, and what they may still say about it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.adjudication.forms import NOT_APPLICABLE, CorrectionForm, ResolutionAnswerForm
from evalhub.adjudication.policies import see_outcome
from evalhub.adjudication.queries import resolution_of
from evalhub.adjudication.queries.resolution import OWN, own_review_of
from evalhub.adjudication.schema import CAUSE_WORDS, answer_words
from evalhub.adjudication.service.answering import answer_decision
from evalhub.adjudication.service.corrections import can_reopen, send_correction, show_resolution
from evalhub.adjudication.views.blueprint import bp
from evalhub.calibration.schema.consensus import Answer
from evalhub.errors import BadInput, Conflict
from evalhub.review.models import AssignmentState
from evalhub.review.queries.assignments import desk_of
from evalhub.review.schema import item_alias
from evalhub.rubrics.queries import rubric_of
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/assignments/<public_id>/resolution")
@allowed(see_outcome)
def resolution(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@bp.post("/assignments/<public_id>/resolution")
@allowed(see_outcome)
def reveal(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda session: show_resolution(session, public_id, by=session.get_one(Account, by_id), at=utc_now()))
    return redirect(url_for("adjudication.resolution", public_id=public_id), 303)


@bp.post("/assignments/<public_id>/correction")
@allowed(see_outcome)
def correct(public_id: str) -> ResponseReturnValue:
    form, by_id = CorrectionForm.from_request(), require_principal().account_id
    with reading() as session:
        rubric = rubric_of(desk_of(session, public_id, by_id).rubric_version)
    if not form.validate():
        return _page(public_id, form), 422
    body = form.body(rubric.criterion(form.criterion.data))
    try:
        write(
            lambda session: (
                send_correction(session, public_id, body, by=session.get_one(Account, by_id), at=utc_now()).occasion
            )
        )
    except (BadInput, Conflict) as error:
        messages = [fault.message for fault in error.faults] or [error.message]
        form.form_errors.extend(message[:1].upper() + message[1:] + "." for message in messages)
        return _page(public_id, form), error.http_status
    flash("Sent to the adjudicator. Your rating stays as it was until they answer.")
    return redirect(url_for("adjudication.resolution", public_id=public_id), 303)


@bp.post("/assignments/<public_id>/answer")
@allowed(see_outcome)
def answer_resolution(public_id: str) -> ResponseReturnValue:
    form, by_id = ResolutionAnswerForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(public_id, answering=form), 422
    text = form.text.data
    try:
        write(
            lambda session: answer_decision(session, public_id, text, by=session.get_one(Account, by_id), at=utc_now())
        )
    except (BadInput, Conflict) as error:
        form.form_errors.extend([f"The answer {fault.message}." for fault in error.faults] or [error.message])
        return _page(public_id, answering=form), error.http_status
    flash("Sent to the adjudicator, who reads it and may decide anew.")
    return redirect(url_for("adjudication.resolution", public_id=public_id), 303)


def _page(public_id: str, form: CorrectionForm | None = None, *, answering: ResolutionAnswerForm | None = None) -> str:
    """Without others' work until the reviewer has asked to see it: from then on the review cannot be reopened."""
    by_id = require_principal().account_id
    with reading() as session:
        desk = desk_of(session, public_id, by_id)
        is_submitted = desk.assignment.state in OWN
        read = resolution_of if desk.assignment.others_shown_at is not None else own_review_of
        found = read(session, desk.project.id, desk.task.id, by_id) if is_submitted else None
        may_reopen = can_reopen(session, desk.task, desk.assignment)
    return render_template(
        "adjudication/resolution.html",
        assignment=desk.assignment,
        project=desk.project,
        alias=item_alias(desk.assignment.public_id),
        found=found,
        may_correct=not may_reopen and desk.assignment.state is AssignmentState.SUBMITTED,
        may_reopen=may_reopen,
        form=form or CorrectionForm(),
        answering=answering or ResolutionAnswerForm(),
        words=lambda criterion, given: answer_words(criterion, Answer(*given)),
        causes=CAUSE_WORDS,
        not_applicable=NOT_APPLICABLE,
    )
