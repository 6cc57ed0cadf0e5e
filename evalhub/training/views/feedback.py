"""After an item of a practice or qualification: the reference, or the way on."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, Conflict
from evalhub.inbox.forms import TextForm, show_faults
from evalhub.review.models import Purpose
from evalhub.review.queries.assignments import desk_of
from evalhub.review.views.desk import UNDO
from evalhub.review.views.page import review_page
from evalhub.rubrics.queries import rubric_of
from evalhub.training.policies import go_on_learning, read_feedback
from evalhub.training.queries.attempts import GRADED, attempt_of_task
from evalhub.training.queries.feedback import feedback_of
from evalhub.training.queries.learning import in_hand
from evalhub.training.schema.rules import RIGHT_WORDS
from evalhub.training.service.learning import disagree
from evalhub.training.shown import answer_words
from evalhub.training.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/assignments/<public_id>/onward")
@allowed(go_on_learning)
def onward(public_id: str) -> ResponseReturnValue:
    """Where a submission or a skip leads: to the feedback, the next item, or the result."""
    with reading() as session:
        desk = desk_of(session, public_id, require_principal().account_id)
        attempt = attempt_of_task(session, desk.project.id, desk.task.id)
        following = in_hand(session, attempt) if attempt and not attempt.ended_at else None
    is_graded, p = desk.assignment.state in GRADED, desk.project.name
    if is_graded and desk.task.purpose is Purpose.PRACTICE:
        return redirect(url_for("training.feedback", public_id=public_id), 303)
    if attempt is not None and attempt.ended_at:
        return redirect(url_for("training.result", p=p, attempt=attempt.public_id), 303)
    if is_graded:
        flash(public_id, UNDO)
    if following is not None:
        return redirect(url_for("review.desk", public_id=following), 303)
    return redirect(url_for("training.path", p=p), 303)


@bp.get("/assignments/<public_id>/feedback")
@allowed(read_feedback)
def feedback(public_id: str) -> ResponseReturnValue:
    form = TextForm()
    _offer(form, public_id)
    return _page(public_id, form)


@bp.post("/assignments/<public_id>/disagreement")
@allowed(read_feedback)
def send_disagreement(public_id: str) -> ResponseReturnValue:
    form, me, at = TextForm.from_request(), require_principal().account_id, utc_now()
    _offer(form, public_id)
    if not form.validate():
        return _page(public_id, form), 422
    about, text = form.criterion.data or None, form.text.data
    try:
        write(lambda s: disagree(s, public_id, me, criterion=about, text=text, at=at).public_id)
    except (BadInput, Conflict) as error:
        show_faults(form, error)
        return _page(public_id, form), error.http_status
    flash("Sent to the owner of the rubric. The answer comes to your questions in the inbox.")
    return redirect(url_for("training.feedback", public_id=public_id), 303)


def _offer(form: TextForm, public_id: str) -> None:
    with reading() as session:
        desk = desk_of(session, public_id, require_principal().account_id)
        form.offer(rubric_of(desk.rubric_version).applicable(desk.item.tags))


def _page(public_id: str, form: TextForm) -> str:
    with reading() as session:
        desk = desk_of(session, public_id, require_principal().account_id)
        found = feedback_of(session, desk)
        page = review_page(session, desk)
    return render_template(
        "training/feedback.html",
        project=desk.project,
        feedback=found,
        page=page,
        form=form,
        answer_words=answer_words,
        right_words=RIGHT_WORDS,
    )
