"""Ask the owner of the rubric, or report that something is wrong, from the review page."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, Conflict, Fault
from evalhub.inbox.forms import FlagForm, show_faults
from evalhub.inbox.schema import EntryKind
from evalhub.review.policies import hold_assignment
from evalhub.review.queries.assignments import desk_of
from evalhub.review.service.flag import flag_item
from evalhub.review.views.blueprint import bp
from evalhub.review.views.page import review_page
from evalhub.web.answers import json_response
from evalhub.web.context import utc_now, wants_json
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

SENT = "Sent to the owner of the rubric. The answer comes to your questions in the inbox."


@bp.post("/assignments/<public_id>/flag")
@allowed(hold_assignment)
def flag(public_id: str) -> ResponseReturnValue:
    """The page's script asks for JSON and stays, so that nothing typed is lost; a plain form comes back to the desk."""
    form, me, now = FlagForm.from_request(), require_principal().account_id, utc_now()
    try:
        _check(form, public_id)
        kind, criterion, text = EntryKind(form.kind.data), form.criterion.data or None, form.text.data
        write(lambda s: flag_item(s, public_id, me, kind=kind, criterion=criterion, text=text, at=now).public_id)
    except (BadInput, Conflict) as error:
        if wants_json():
            raise
        return _page_again(public_id, form, error)
    if wants_json():
        return json_response({"message": SENT}, 201)
    flash(SENT)
    return redirect(url_for("review.desk", public_id=public_id), 303)


def _check(form: FlagForm, public_id: str) -> None:
    """Refuse, as bad input, what is empty, too long or about what there is not."""
    with reading() as session:
        desk = desk_of(session, public_id, require_principal().account_id)
    form.offer(desk.rubric.applicable(desk.item.tags))
    if not form.validate():
        faults = [Fault("schema", str(messages[0]).rstrip("."), name or "") for name, messages in form.errors.items()]
        raise BadInput("This cannot be sent as it is.", faults=faults)


def _page_again(public_id: str, form: FlagForm, error: BadInput | Conflict) -> ResponseReturnValue:
    """The page with what was to be sent; the review on it is the draft as saved."""
    form.text.errors = []
    show_faults(form, error)
    with reading() as session:
        page = review_page(session, desk_of(session, public_id, require_principal().account_id))
    return render_template("review/item.html", page=page, flag_form=form), error.http_status
