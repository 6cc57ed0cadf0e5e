"""The managers' side: gold items, settings, and who is certified."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_or_404
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.training.forms import USES, GoldForm, ItemForm, ReasonForm, SettingsForm
from evalhub.training.models import Use
from evalhub.training.queries.references import gold_named
from evalhub.training.queries.settings import settings_of
from evalhub.training.schema.rules import PlanSettings
from evalhub.training.service.certificates import grant_certificate, waive_wait, withdraw_certificate
from evalhub.training.service.golds import NewGold, add_gold, retire_gold
from evalhub.training.service.settings import set_settings
from evalhub.training.shown import answer_words, hits_words, training_of
from evalhub.training.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

AT = "/projects/<p>/training/manage"
ACTS: dict[str, tuple[Callable[..., Any], str]] = {
    "grant": (grant_certificate, "The certificate is granted."),
    "withdraw": (withdraw_certificate, "The certificate has ended."),
    "waive": (waive_wait, "They may try again at once."),
}


@bp.get(AT)
@allowed(manage_project)
def manage(p: str) -> ResponseReturnValue:
    """With rates in the address the page shows what they would take, and changes nothing."""
    tried = SettingsForm(request.args) if "p_low" in request.args else None
    if tried is not None and not tried.validate():
        return manage_page(p, settings_form=tried), 422
    return manage_page(p, settings_form=tried)


@bp.post(f"{AT}/settings")
@allowed(manage_project)
def save_settings(p: str) -> ResponseReturnValue:
    form = SettingsForm.from_request()
    if not form.validate():
        return manage_page(p, settings_form=form), 422
    if form.show.data:
        return redirect(url_for("training.manage", p=p, **form.as_query(), _anchor="rule"), 303)
    _change(p, partial(set_settings, settings=form.settings()))
    flash("Saved. Attempts under way and certificates keep the rule that they began under.")
    return _back(p)


@bp.post(f"{AT}/items")
@allowed(manage_project)
def add_items(p: str) -> ResponseReturnValue:
    """All of them or none."""
    form = GoldForm.from_request()
    if not form.validate():
        return manage_page(p, gold_form=form), 422
    new = [NewGold(item, Use(form.use.data), note=form.note.data or "") for item in form.listed()]
    try:
        _change(p, partial(_add_all, new=new))
    except (BadInput, Conflict, NotFound) as error:
        form.show(error)
        return manage_page(p, gold_form=form), 422 if isinstance(error, NotFound) else error.http_status
    flash(f"{len(new)} {'item is' if len(new) == 1 else 'items are'} in use now.")
    return _back(p)


@bp.post(f"{AT}/items/<gold>/retire")
@allowed(manage_project)
def retire(p: str, gold: str) -> ResponseReturnValue:
    def out(session: Session, project_id: int, **how: Any) -> None:
        retire_gold(session, gold_named(session, project_id, gold), **how)

    _change(p, out)
    flash("Taken out of training.")
    return _back(p)


@bp.post(f"{AT}/people/<account>/<any(grant, withdraw, waive):act>")
@allowed(manage_project)
def change_certificate(p: str, account: str, act: str) -> ResponseReturnValue:
    form = ReasonForm.from_request()
    if not form.validate():
        return manage_page(p, reason_form=form, acting=(account, act)), 422
    service, done = ACTS[act]

    def do(session: Session, project_id: int, **how: Any) -> None:
        service(session, project_id, account_or_404(session, account).id, reason=form.reason.data, **how)

    _change(p, do)
    flash(done)
    return _back(p)


def _add_all(session: Session, project_id: int, *, new: list[NewGold], **how: Any) -> None:
    for one in new:
        add_gold(session, project_id, one, **how)


def _change(p: str, act: Callable[..., object]) -> None:
    """Run `act(session, project_id, by, at)` in one write."""
    with reading() as session:
        project_id = project_named(session, p).id
    by_id, at = require_principal().account_id, utc_now()
    write(lambda session: act(session, project_id, by=session.get(Account, by_id), at=at))


def _back(p: str) -> ResponseReturnValue:
    return redirect(url_for("training.manage", p=p), 303)


def manage_page(
    p: str,
    *,
    settings_form: SettingsForm | None = None,
    gold_form: GoldForm | None = None,
    reason_form: ReasonForm | None = None,
    acting: tuple[str, str] | None = None,
) -> str:
    """The page, with the forms that were sent just now."""
    with reading() as session:
        project = project_named(session, p)
        stored = settings_of(session, project)
        shown = training_of(session, project, _tried(settings_form) or stored, require_principal().account_id)
    return render_template(
        "training/manage.html",
        project=project,
        training=shown,
        stored=stored,
        settings_form=settings_form or SettingsForm.of(stored),
        is_tried=settings_form is not None and not settings_form.errors,
        gold_form=gold_form or GoldForm(),
        item_form=ItemForm(),
        reason_form=reason_form or ReasonForm(),
        acting=acting,
        uses=USES,
        now=utc_now(),
        answer_words=answer_words,
        hits_words=hits_words,
    )


def _tried(form: SettingsForm | None) -> PlanSettings | None:
    """What a valid form says."""
    return None if form is None or form.errors else form.settings()
