"""Take items out, put them back and replace them, with what it will do said beforehand."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.datasets.service.revisions import replacement_of
from evalhub.errors import BadInput, Conflict, Forbidden
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.forms import ReasonForm, ReplaceForm
from evalhub.review.policies import change_items
from evalhub.review.queries.life import content_of, item_plan, may_still_grade, taken_out
from evalhub.review.queries.named import item_in
from evalhub.review.service.replace import replace_item
from evalhub.review.service.withdraw import Moved, put_back, restore_item, withdraw_item
from evalhub.review.views.blueprint import bp
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

Act = Callable[..., Moved]


@bp.get("/projects/<p>/items/<item>/withdraw")
@allowed(change_items)
def withdraw_form(p: str, item: str) -> ResponseReturnValue:
    return _page(p, item, ReasonForm(), "withdraw")


@bp.post("/projects/<p>/items/<item>/withdraw")
@allowed(change_items)
def withdraw(p: str, item: str) -> ResponseReturnValue:
    return _done(p, item, "withdraw", withdraw_item, "Withdrawn: its ratings count nowhere{n}.")


@bp.get("/projects/<p>/items/<item>/restore")
@allowed(change_items)
def restore_form(p: str, item: str) -> ResponseReturnValue:
    return _page(p, item, ReasonForm(), "restore")


@bp.post("/projects/<p>/items/<item>/restore")
@allowed(change_items)
def restore(p: str, item: str) -> ResponseReturnValue:
    return _done(p, item, "restore", restore_item, "Restored. Its ratings count again, and what was open goes on.")


@bp.get("/projects/<p>/items/<item>/replace")
@allowed(change_items)
def replace_form(p: str, item: str) -> ResponseReturnValue:
    _, found = _found(p, item)
    _refuse_a_grader(found, p)
    content = content_of(found)
    return _page(p, item, ReplaceForm(data={name: content.get(name, "") for name in ReplaceForm.TEXTS}), "replace")


@bp.post("/projects/<p>/items/<item>/replace")
@allowed(change_items)
def replace(p: str, item: str) -> ResponseReturnValue:
    form, by_id = ReplaceForm.from_request(), require_principal().account_id
    project, found = _found(p, item)
    _refuse_a_grader(found, p)
    if not form.validate():
        return _page(p, item, form, "replace"), 422
    try:
        row = replacement_of(found.external_id, form.content(content_of(found)))
    except BadInput as error:
        for fault in error.faults:
            field = form[fault.path] if fault.path in form.TEXTS else form.response
            field.errors = [*field.errors, fault.message]
        return _page(p, item, form, "replace"), 422
    reason = form.reason.data
    done = write(lambda s: replace_item(s, project.dataset_id, row, reason=reason, by=s.get_one(Account, by_id)))
    flash(
        f"Replaced: revision {done.revision} is handed out." if done.is_new else "This is what the item says already."
    )
    return _to_item(p, found.external_id)


@bp.get("/projects/<p>/taken-out")
@allowed(manage_project)
def taken_out_items(p: str) -> ResponseReturnValue:
    principal = require_principal()
    may_change = change_items(principal, p)
    with reading() as session:
        project = project_named(session, p)
        lines = taken_out(session, project, principal.account_id)
    return render_template("review/taken_out.html", project=project, lines=lines, may_change=may_change)


@bp.post("/projects/<p>/taken-out/<task>/put-back")
@allowed(manage_project)
def put_back_item(p: str, task: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    try:
        write(lambda s: put_back(s, project_named(s, p).id, task, by=s.get_one(Account, by_id)))
        flash("Handed out again, to those who have not had it.")
    except Conflict as error:
        flash(error.message)
    return redirect(url_for("review.taken_out_items", p=p), 303)


def _found(p: str, item: str) -> tuple[Project, Item]:
    with reading() as session:
        project = project_named(session, p)
        return project, item_in(session, project, item)


def _done(p: str, item: str, act: str, do: Act, words: str) -> ResponseReturnValue:
    form, by_id = ReasonForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(p, item, form, act), 422
    project, found = _found(p, item)
    reason = form.reason.data

    def change(session: Session) -> Moved:
        by = session.get_one(Account, by_id)
        return do(session, project.dataset_id, found.external_id, reason=reason, by=by)

    try:
        moved = write(change)
    except Conflict as error:
        form.reason.errors = [error.message]
        return _page(p, item, form, act), error.http_status
    were = "reviewer was at it and keeps the" if moved.n_leases == 1 else "reviewers were at it and keep their"
    flash(words.format(n=f", and {moved.n_leases} {were} draft" if moved.n_leases else ""))
    return _to_item(p, found.external_id)


def _refuse_a_grader(item: Item, p: str) -> None:
    """Keep the model and the metadata of an item from whoever may still grade it.

    Raises:
        Forbidden: that is so.
    """
    with reading() as session:
        if may_still_grade(session, project_named(session, p).id, item.id, require_principal().account_id):
            raise Forbidden("You may still grade this item. Ask somebody to replace it who does not.")


def _to_item(p: str, item: str) -> ResponseReturnValue:
    return redirect(f"/projects/{p}/items/{item}", 303)


def _page(p: str, item: str, form: ReasonForm, act: str) -> str:
    with reading() as session:
        project = project_named(session, p)
        plan = item_plan(session, item_in(session, project, item))
    return render_template("review/item_change.html", project=project, plan=plan, form=form, act=act)
