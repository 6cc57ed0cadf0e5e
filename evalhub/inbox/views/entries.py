"""The boxes, and one entry: read it, answer it, take note of the answer."""

from __future__ import annotations

from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.errors import BadInput, Conflict
from evalhub.inbox import policies, service
from evalhub.inbox.forms import AnswerForm, ChangedForm, FilterForm, show_faults
from evalhub.inbox.queries.entries import shown_entry
from evalhub.inbox.queries.listing import received_entries, sent_entries, sent_to
from evalhub.inbox.queries.owners import open_entries, rubrics_answered_by
from evalhub.inbox.schema import KIND_WORDS, STATE_WORDS, EntryState
from evalhub.inbox.views.blueprint import bp
from evalhub.rubrics.queries import rubric_of
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.rendering import render_markdown, render_plain, render_prose
from evalhub.web.session import reading, write


@bp.get("/inbox")
@allowed(signed_in)
def inbox() -> ResponseReturnValue:
    """What waits for whoever is signed in; `?box=sent` what they sent, which is all that others have."""
    principal = require_principal()
    me = principal.account_id
    with reading() as session:
        answers = open_entries(session, me, is_admin=principal.is_admin) is not None
        is_sent = request.args.get("box") == "sent" or not answers
        form = FilterForm(request.args, state="" if is_sent else EntryState.OPEN.value)
        form.offer(sent_to(session, me) if is_sent else rubrics_answered_by(session, me, is_admin=principal.is_admin))
        find = sent_entries if is_sent else partial(received_entries, is_admin=principal.is_admin)
        is_valid = form.validate()
        found = find(session, me, wanted=form.chosen(), after=form.after.data) if is_valid else find(session, me)
    return render_template(
        "inbox/inbox.html",
        form=form,
        found=found,
        is_sent=is_sent,
        answers=answers,
        kinds=KIND_WORDS,
        states=STATE_WORDS,
    ), (200 if is_valid else 422)


@bp.get("/inbox/<public_id>")
@allowed(policies.read_entry)
def entry(public_id: str) -> ResponseReturnValue:
    return _page(public_id)


@bp.post("/inbox/<public_id>/answer")
@allowed(policies.answer_entry)
def answer(public_id: str) -> ResponseReturnValue:
    form, principal = AnswerForm.from_request(), require_principal()
    with reading() as session:
        shown = shown_entry(session, public_id, principal.account_id, is_admin=principal.is_admin)
    form.offer(shown.newer_versions, rubric_of(shown.version).criteria)
    if not form.validate():
        return _page(public_id, form), 422
    content, me, now = form.content(), principal.account_id, utc_now()
    try:
        write(lambda s: service.answer_entry(s, public_id, content, by=s.get_one(Account, me), at=now).public_id)
    except (BadInput, Conflict) as error:
        show_faults(form, error)
        return _page(public_id, form), error.http_status
    flash("Answered. The sender can read it now." + (" It is pinned as a ruling." if content.pin_to else ""))
    return redirect(url_for("inbox.entry", public_id=public_id), 303)


@bp.post("/inbox/<public_id>/changed")
@allowed(policies.answer_entry)
def changed(public_id: str) -> ResponseReturnValue:
    form, me, now = ChangedForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        raise BadInput("Choose the version that says it better.")
    number = form.changed_in.data
    write(lambda s: service.mark_changed(s, public_id, number, by=s.get_one(Account, me), at=now).public_id)
    flash(f"Marked as changed in version {number}. The sender is told.")
    return redirect(url_for("inbox.entry", public_id=public_id), 303)


@bp.post("/inbox/<public_id>/seen")
@allowed(policies.own_entry)
def seen(public_id: str) -> ResponseReturnValue:
    me, now = require_principal().account_id, utc_now()
    write(lambda s: service.mark_seen(s, public_id, me, at=now))
    return redirect(url_for("inbox.inbox", box="sent"), 303)


def _page(public_id: str, form: AnswerForm | None = None) -> str:
    principal = require_principal()
    with reading() as session:
        shown = shown_entry(session, public_id, principal.account_id, is_admin=principal.is_admin)
    rubric = rubric_of(shown.version)
    may_answer = policies.answer_entry(principal, public_id)
    if form is None:
        form = AnswerForm()
        form.offer(shown.newer_versions, rubric.criteria)
    return render_template(
        "inbox/entry.html",
        shown=shown,
        entry=shown.entry,
        rubric=rubric,
        criterion=rubric.criterion(shown.entry.criterion_key) if shown.entry.criterion_key else None,
        criteria=[criterion.key for criterion in rubric.criteria],
        is_own=shown.entry.sender_id == principal.account_id,
        may_answer=may_answer,
        form=form,
        kinds=KIND_WORDS,
        states=STATE_WORDS,
        markdown=render_markdown,
        plain=render_plain,
        prose=render_prose,
    )
