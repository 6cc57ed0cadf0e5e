"""The queue of cases, and one case: take it, decide it, answer corrections."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.forms import CorrectionAnswerForm, DecisionForm, decision_form, fresh_decision_form
from evalhub.adjudication.models import CaseState, CorrectionState
from evalhub.adjudication.policies import see_case, settle_case
from evalhub.adjudication.queries.cases import Standing, case_of, standing
from evalhub.adjudication.queries.file import CaseFile, case_file
from evalhub.adjudication.queries.listing import case_page, disputed_keys
from evalhub.adjudication.service.asking import ask_before_deciding
from evalhub.adjudication.service.corrections import CorrectionKey, answer_correction
from evalhub.adjudication.service.decide import decide
from evalhub.adjudication.service.taking import take_case
from evalhub.adjudication.views.blueprint import bp
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.policies import adjudicate, see_cases
from evalhub.projects.queries import project_named
from evalhub.review.views.page import Text, Turn, rendered
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

STATES = {"open": CaseState.OPEN, "decided": CaseState.DECIDED, "corrected": CaseState.CORRECTED, "all": None}


@bp.get("/projects/<p>/cases")
@allowed(see_cases)
def cases(p: str) -> ResponseReturnValue:
    principal = require_principal()
    wanted = request.args.get("state", "open")
    shown = wanted if wanted in STATES else "open"
    with reading() as session:
        project = project_named(session, p)
        keys = disputed_keys(session, project.id)
        chosen = request.args.get("criterion") or None
        chosen = chosen if chosen in dict(keys) else None
        found = case_page(
            session,
            project.id,
            principal.account_id,
            state=STATES[shown],
            criterion=chosen,
            page=request.args.get("page", default=1, type=int),
        )
    return render_template(
        "adjudication/cases.html",
        project=project,
        found=found,
        state=shown,
        criterion=chosen,
        keys=keys,
        now=utc_now(),
        adjudicates=adjudicate(principal, p),
    )


@bp.post("/cases/<public_id>/open")
@allowed(settle_case)
def take(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    write(lambda session: take_case(session, public_id, by=session.get_one(Account, by_id), at=utc_now()).public_id)
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


@bp.get("/cases/<public_id>")
@allowed(see_case)
def case(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@bp.post("/cases/<public_id>/decision")
@allowed(settle_case)
def settle(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    with reading() as session:
        place = case_of(session, public_id)
        if standing(session, place, by_id) is not Standing.TAKEN:
            raise NotFound
        form = decision_form([one.criterion for one in case_file(session, place).disputed]).from_request()
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
        return _page(public_id, form), error.http_status
    flash("Decided. The reviewers can see it now; their ratings stay as they were.")
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


@bp.post("/cases/<public_id>/one-more")
@allowed(settle_case)
def ask_one_more(public_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    with reading() as session:
        if standing(session, case_of(session, public_id), by_id) is not Standing.TAKEN:
            raise NotFound
    write(lambda session: ask_before_deciding(session, public_id, by=session.get_one(Account, by_id)))
    flash("One more reviewer is asked. The case waits until their review is in.")
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


@bp.post("/cases/<public_id>/corrections")
@allowed(settle_case)
def answer(public_id: str) -> ResponseReturnValue:
    form, by_id = CorrectionAnswerForm.from_request(), require_principal().account_id
    if not form.validate():
        raise BadInput("This names no correction of the case.")
    verdict = CorrectionState.ACCEPTED if form.accept.data else CorrectionState.DECLINED

    def store(session: Session) -> None:
        which = _named(case_file(session, case_of(session, public_id)), *form.key())
        answer_correction(session, public_id, which, answer=verdict, by=session.get_one(Account, by_id), at=utc_now())

    write(store)
    flash(f"The correction is {verdict.value}.")
    return redirect(url_for("adjudication.case", public_id=public_id), 303)


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


def _page(public_id: str, form: DecisionForm | None = None) -> str:
    """The case; before an adjudicator has taken it only what it is about, and the button."""
    principal = require_principal()
    with reading() as session:
        place = case_of(session, public_id)
        is_taken = standing(session, place, principal.account_id) is Standing.TAKEN
        file = case_file(session, place)
    adjudicates = adjudicate(principal, file.project.name)
    if adjudicates and not is_taken:
        return render_template("adjudication/untaken.html", file=file)
    settles = adjudicates and file.case.state is not CaseState.CORRECTED and not file.waits_for_one_more
    if form is None and settles:
        form = fresh_decision_form([one.criterion for one in file.disputed], file.case.revision)
    item = file.item
    return render_template(
        "adjudication/case.html",
        file=file,
        form=form if settles else None,
        adjudicates=adjudicates,
        reading={
            "item_alias": file.alias,
            "prompt": _text(item.prompt),
            "context": _text(item.context),
            "reference": _text(item.reference),
            "turns": [Turn(m["role"], rendered(m["content"]), m["content"]) for m in item.messages or ()],
            "response": _text(item.response),
        },
    )


def _text(raw: str | None) -> Text | None:
    return None if raw is None else Text(rendered(raw), raw)
