"""One case: take it, decide it, ask one more reviewer, send a review back, answer what reviewers say."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.forms import (
    CorrectionAnswerForm,
    DecisionForm,
    SendBackForm,
    decision_form,
    fresh_decision_form,
)
from evalhub.adjudication.models import CaseState, CorrectionState
from evalhub.adjudication.policies import return_review, see_case, settle_case, settles
from evalhub.adjudication.queries.cases import Standing, case_of, standing
from evalhub.adjudication.queries.file import CaseFile, case_file
from evalhub.adjudication.queries.following import next_case
from evalhub.adjudication.queries.nobody import is_stuck
from evalhub.adjudication.service.answering import let_stand
from evalhub.adjudication.service.asking import ask_before_deciding
from evalhub.adjudication.service.corrections import CorrectionKey, answer_correction
from evalhub.adjudication.service.decide import decide
from evalhub.adjudication.service.returning import send_back
from evalhub.adjudication.service.taking import take_case
from evalhub.adjudication.views.blueprint import bp
from evalhub.adjudication.views.reading import what_was_graded
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.policies import adjudicate, manage_project
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.post("/cases/<public_id>/open")
@allowed(settle_case)
def take(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda session: take_case(session, public_id, by=session.get_one(Account, by_id), at=utc_now()).public_id)
    return _to_the_case(public_id)


@bp.get("/cases/<public_id>")
@allowed(see_case)
def case(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@bp.post("/cases/<public_id>/decision")
@allowed(settle_case)
def settle(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    form = decision_form([one.criterion for one in _taken(public_id).disputed]).from_request()
    if not form.validate():
        return _page(public_id, form), 422
    body = form.body()
    try:
        write(lambda session: decide(session, public_id, body, by=session.get_one(Account, by_id), at=utc_now()))
    except BadInput as error:
        form.show(error)
        return _page(public_id, form), error.http_status
    except Conflict as error:
        form.form_errors.append(error.message)
        return _page(public_id, form.renewed(_taken(public_id).case.revision)), error.http_status
    flash("Decided. The reviewers can see it now; their ratings stay as they were.")
    return _to_the_case(public_id)


@bp.post("/cases/<public_id>/one-more")
@allowed(settle_case)
def ask_one_more(public_id: str) -> ResponseReturnValue:
    by_id, _ = require_principal().account_id, _taken(public_id)
    write(lambda session: ask_before_deciding(session, public_id, by=session.get_one(Account, by_id)))
    flash("One more reviewer is asked. The case waits until their review is in.")
    return _to_the_case(public_id)


@bp.post("/cases/<public_id>/corrections")
@allowed(settle_case)
def answer(public_id: str) -> ResponseReturnValue:
    form, by_id = CorrectionAnswerForm.from_request(), require_principal().account_id
    if not form.validate():
        raise BadInput("This names no correction of the case.")
    verdict = CorrectionState.ACCEPTED if form.accept.data else CorrectionState.DECLINED
    which, words = _named(_taken(public_id), *form.key()), form.reason.data or ""

    def store(session: Session) -> None:
        by = session.get_one(Account, by_id)
        answer_correction(session, public_id, which, answer=verdict, words=words, by=by, at=utc_now())

    try:
        write(store)
    except BadInput as error:
        form.reason.errors = [f"The reason {fault.message}." for fault in error.faults]
        return _page(public_id, correcting=form), error.http_status
    flash(f"The correction is {verdict.value}.")
    return _to_the_case(public_id)


@bp.post("/cases/<public_id>/return")
@allowed(return_review)
def give_back(public_id: str) -> ResponseReturnValue:
    form, by_id = SendBackForm.from_request(), require_principal().account_id
    with reading() as session:
        file = case_file(session, case_of(session, public_id))
    reviewer = next((one for one in file.reviewers if one.letter == form.letter.data), None)
    if reviewer is None:
        raise NotFound
    if not form.validate():
        return _page(public_id, returning=form), 422
    reason, reviewer_id = form.reason.data, reviewer.account_id

    def store(session: Session) -> None:
        send_back(session, public_id, reviewer_id, reason, by=session.get_one(Account, by_id), at=utc_now())

    try:
        write(store)
    except (BadInput, Conflict) as error:
        form.form_errors.extend([f"The reason {fault.message}." for fault in error.faults] or [error.message])
        return _page(public_id, returning=form), error.http_status
    flash(f"Sent back to {reviewer.label}. Their review stands until they submit it again.")
    return _to_the_case(public_id)


@bp.post("/cases/<public_id>/answers")
@allowed(settle_case)
def leave(public_id: str) -> ResponseReturnValue:
    by_id, _ = require_principal().account_id, _taken(public_id)
    write(lambda session: let_stand(session, public_id, by=session.get_one(Account, by_id), at=utc_now()))
    flash("The decision stands. The reviewers see that their answers were read.")
    return _to_the_case(public_id)


def _taken(public_id: str) -> CaseFile:
    """The case, for somebody who has taken it.

    Raises:
        NotFound: they have not.
    """
    with reading() as session:
        place = case_of(session, public_id)
        if standing(session, place, require_principal().account_id) is not Standing.TAKEN:
            raise NotFound
        return case_file(session, place)


def _named(file: CaseFile, letter: str, criterion: str, occasion: int) -> CorrectionKey:
    """The correction that the page called by letter, criterion and occasion.

    Raises:
        NotFound: there is no such reviewer or criterion in the case.
    """
    reviewers = {one.letter: one.account_id for one in file.reviewers}
    criteria = {one.criterion.key: one.criterion_id for one in file.criteria}
    if letter not in reviewers or criterion not in criteria:
        raise NotFound
    return CorrectionKey(reviewers[letter], criteria[criterion], occasion)


def _to_the_case(public_id: str) -> ResponseReturnValue:
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


def _page(
    public_id: str,
    form: DecisionForm | None = None,
    *,
    returning: SendBackForm | None = None,
    correcting: CorrectionAnswerForm | None = None,
) -> str:
    """The case; before an adjudicator has taken it only what it is about, and the button."""
    principal = require_principal()
    with reading() as session:
        place = case_of(session, public_id)
        is_taken = standing(session, place, principal.account_id) is Standing.TAKEN
        file = case_file(session, place)
        stuck = is_stuck(session, place)
    may_settle = settles(principal, public_id)
    if may_settle and not is_taken:
        return render_template("adjudication/untaken.html", file=file)
    can_decide = may_settle and not file.case.state.has_nothing_to_settle and not file.waits_for_one_more
    if form is None and can_decide and (file.case.state is CaseState.OPEN or "anew" in request.args):
        form = fresh_decision_form([one.criterion for one in file.disputed], file.case.revision)
    goes_on = form is None and adjudicate(principal, file.project.name)
    with reading() as session:
        following = next_case(session, file.project.id, principal.account_id) if goes_on else None
    return render_template(
        "adjudication/case.html",
        file=file,
        form=form if can_decide else None,
        can_decide=can_decide,
        returning=returning or SendBackForm(),
        correcting=correcting or CorrectionAnswerForm(),
        adjudicates=may_settle,
        goes_on=goes_on,
        following=following,
        manages=manage_project(principal, file.project.name),
        is_stuck=stuck,
        reading=what_was_graded(file.item, file.alias),
    )
