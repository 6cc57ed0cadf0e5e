"""Claim, read, write, submit, skip, reopen and leave."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.schema import KEY_ACTIONS
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.policies import review_in_project
from evalhub.projects.queries import project_named
from evalhub.review.forms import (
    DraftForm,
    HeartbeatForm,
    SkipForm,
    sent_draft,
    sent_seconds,
    sent_words,
    with_preference,
)
from evalhub.review.models import LEARNING, SkipReason
from evalhub.review.policies import hold_assignment
from evalhub.review.queries.assignments import Desk, desk_of, newest_version
from evalhub.review.queries.pairs import pair_of
from evalhub.review.schema import DraftBody, Lease, SentDraft, Submitted
from evalhub.review.service.claim import claim_next
from evalhub.review.service.drafts import DraftConflict, heartbeat, save_draft
from evalhub.review.service.revise import leave_review, reopen_review
from evalhub.review.service.skip import skip_item
from evalhub.review.service.submit import submit_review
from evalhub.review.views.blueprint import bp
from evalhub.review.views.goal import SUMMARY, goal_progress, meets_goal
from evalhub.review.views.page import ReviewPage, review_page
from evalhub.rubrics.forms import ReviewForm, review_form
from evalhub.web.answers import json_response
from evalhub.web.api import parse_body
from evalhub.web.context import wants_json
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading, write

UNDO = "undo"
"""Category of the message that names the assignment just submitted; pages offer to reopen it."""


@bp.post("/projects/<p>/next")
@allowed(review_in_project)
def claim(p: str) -> ResponseReturnValue:
    with reading() as session:
        project_id = project_named(session, p).id
    lease = claim_next(current_database(), project_id=project_id, reviewer_id=require_principal().account_id)
    return _go_on(lease)


@bp.get("/assignments/<public_id>")
@allowed(hold_assignment)
def desk(public_id: str) -> ResponseReturnValue:
    with reading() as session:
        page = review_page(session, _desk(session, public_id))
    return _shown(page)


@bp.post("/assignments/<public_id>")
@allowed(hold_assignment)
def submit(public_id: str) -> ResponseReturnValue:
    form = _sent_form(public_id)
    draft = sent_words(form)
    if not form.validate():
        errors = {name or "": str(messages[0]) for name, messages in form.errors.items()}
        return _page_again(public_id, draft, errors, 422)
    principal = require_principal()
    try:
        outcome = submit_review(
            current_database(),
            assignment=public_id,
            reviewer_id=principal.account_id,
            reviewer=principal.public_id,
            body=form.review(),
            seconds_active=sent_seconds(),
        )
    except (BadInput, Conflict) as error:
        return _page_again(public_id, draft, {"": error.message}, error.http_status)
    if _is_learning(public_id):
        return _lead_to(f"/assignments/{public_id}/onward")
    return _after(outcome)


@bp.put("/assignments/<public_id>/draft")
@allowed(hold_assignment)
def autosave(public_id: str) -> ResponseReturnValue:
    sent = parse_body(SentDraft)
    try:
        saved = write(
            partial(
                save_draft,
                assignment=public_id,
                reviewer_id=require_principal().account_id,
                body=sent.body,
                expected_revision=sent.revision,
                seconds_active=sent.seconds,
            )
        )
    except DraftConflict as conflict:
        answer = {
            "error": {"code": conflict.code, "message": conflict.message, "details": []},
            "revision": conflict.revision,
            "body": conflict.body,
            "saved_at": conflict.saved_at,
        }
        return json_response(answer, 409)
    answer = {"revision": saved.revision, "saved_at": saved.saved_at, "leased_until": saved.leased_until}
    return json_response(answer)


@bp.post("/assignments/<public_id>/draft")
@allowed(hold_assignment)
def save(public_id: str) -> ResponseReturnValue:
    """The same without JavaScript."""
    form = _sent_form(public_id)
    try:
        write(
            partial(
                save_draft,
                assignment=public_id,
                reviewer_id=require_principal().account_id,
                body=sent_draft(form),
                expected_revision=DraftForm.from_request().draft_revision.data or 0,
            )
        )
    except (BadInput, Conflict) as error:
        message = error.faults[0].message if error.faults else error.message
        return _page_again(public_id, sent_words(form), {"": message}, error.http_status)
    flash("Draft saved.")
    return redirect(url_for("review.desk", public_id=public_id), 303)


@bp.post("/assignments/<public_id>/heartbeat")
@allowed(hold_assignment)
def beat(public_id: str) -> ResponseReturnValue:
    form = HeartbeatForm.from_request()
    if not form.validate():
        raise BadInput("A heartbeat names its lease.", faults=[Fault("schema", "is missing", "lease")])
    until = write(
        partial(
            heartbeat,
            assignment=public_id,
            reviewer_id=require_principal().account_id,
            lease=form.lease.data,
            seconds_active=form.seconds.data,
        )
    )
    with reading() as session:
        newest = newest_version(session, _desk(session, public_id).rubric_version)
    return json_response({"leased_until": until, "newest_version": newest})


@bp.post("/assignments/<public_id>/skip")
@allowed(hold_assignment)
def skip(public_id: str) -> ResponseReturnValue:
    form = SkipForm.from_request()
    if not form.validate():
        errors = {name: str(messages[0]) for name, messages in form.errors.items()}
        return _page_again(public_id, None, errors, 422)
    principal = require_principal()
    lease = skip_item(
        current_database(),
        assignment=public_id,
        reviewer_id=principal.account_id,
        reviewer=principal.public_id,
        lease=form.lease.data,
        reason=SkipReason(form.reason.data),
        note=form.text.data or "",
    )
    if _is_learning(public_id):
        return _lead_to(f"/assignments/{public_id}/onward")
    flash("Skipped. It goes to somebody else.")
    return _go_on(lease)


@bp.post("/assignments/<public_id>/reopen")
@allowed(hold_assignment)
def reopen(public_id: str) -> ResponseReturnValue:
    principal = require_principal()
    write(partial(reopen_review, assignment=public_id, reviewer_id=principal.account_id, reviewer=principal.public_id))
    flash("Reopened. What you submitted stands until you submit again.")
    return redirect(url_for("review.desk", public_id=public_id), 303)


@bp.post("/assignments/<public_id>/leave")
@allowed(hold_assignment)
def leave(public_id: str) -> ResponseReturnValue:
    principal = require_principal()
    write(partial(leave_review, assignment=public_id, reviewer_id=principal.account_id, reviewer=principal.public_id))
    flash("Left as it was: your changes are dropped.")
    return redirect(url_for("review.desk", public_id=public_id), 303)


def _desk(session: Session, public_id: str) -> Desk:
    return desk_of(session, public_id, require_principal().account_id)


def _is_learning(public_id: str) -> bool:
    """Whether it belongs to a practice or qualification, after which the training stage says what comes next."""
    with reading() as session:
        return _desk(session, public_id).task.purpose in LEARNING


def _after(outcome: Submitted) -> ResponseReturnValue:
    flash(outcome.assignment, UNDO)
    if outcome.is_extra:
        flash("Stored as an extra review: it came after the item had its reviewers.")
    if meets_goal(outcome.assignment):
        return _lead_to(SUMMARY)
    return _go_on(outcome.next if isinstance(outcome.next, Lease) else None)


def _go_on(lease: Lease | None) -> ResponseReturnValue:
    if lease is None:
        flash("Nothing is left for you here just now.")
        return _lead_to("/")
    return _lead_to(url_for("review.desk", public_id=lease.assignment))


def _lead_to(target: str) -> ResponseReturnValue:
    """A browser goes there; our script is told where to go, once it knows that all is stored."""
    return json_response({"next": target}) if wants_json() else redirect(target, 303)


def _sent_form(public_id: str) -> ReviewForm:
    with reading() as session:
        found = _desk(session, public_id)
        pair = pair_of(session, found)
    form = review_form(found.rubric, found.item.tags)
    return (with_preference(form) if pair and pair.is_graded else form).from_request()


def _page_again(public_id: str, draft: DraftBody | None, errors: Mapping[str, str], status: int) -> ResponseReturnValue:
    """The page with every word that was sent, and what is wrong; our script then asks for it as a page."""
    if wants_json():
        message = next(iter(errors.values()), "This cannot be stored as it is.")
        return json_response({"error": {"code": "refused", "message": message, "details": []}}, status)
    with reading() as session:
        page = review_page(session, _desk(session, public_id), body=draft, errors=errors)
    return _shown(page), status


def _shown(page: ReviewPage) -> str:
    return render_template("review/item.html", page=page, key_actions=KEY_ACTIONS, goal=goal_progress())
