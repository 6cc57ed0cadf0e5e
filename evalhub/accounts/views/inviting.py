"""Invitations by link, to one person or many, and new links; the only showing of a link is the answer itself."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts import queries, service
from evalhub.accounts.forms import InviteForm, InviteManyForm, words_of
from evalhub.accounts.models import InstanceRole
from evalhub.accounts.schema import link_url, links_as_csv
from evalhub.accounts.views.blueprint import bp
from evalhub.errors import BadInput, Conflict
from evalhub.web.context import current_settings, utc_now
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/people/invite")
@allowed(admin)
def invite_page() -> ResponseReturnValue:
    return _page()


@bp.post("/people")
@allowed(admin)
def invite() -> ResponseReturnValue:
    form, by_id = InviteForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(one=form), 422
    role = InstanceRole(form.role.data)
    try:
        account, token = write(
            lambda s: service.invite(s, form.login.data, form.display_name.data, role, by_id=by_id, now=utc_now())
        )
    except Conflict as error:
        form.login.errors = [error.message]
        return _page(one=form), 409
    return _link_page(account.public_id, token, status=201)


@bp.post("/people/invite")
@allowed(admin)
def invite_many() -> ResponseReturnValue:
    """All of them, or with one wrong line nobody."""
    form, by_id = InviteManyForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(many=form), 422
    role, domains = InstanceRole(form.role_of_all.data), words_of(form.domains)
    try:
        people = form.invitees()
        invited = write(lambda s: service.invite_all(s, people, role, domains=domains, by_id=by_id, now=utc_now()))
    except BadInput as error:
        form.show(error)
        return _page(many=form), 422
    base_url = current_settings().base_url
    links = [(one, link_url(base_url, one.token)) for one in invited]
    rows = [(one.display_name, one.login, url) for one, url in links]
    return render_template("accounts/new_links.html", links=links, csv=links_as_csv(rows)), 201


@bp.post("/people/<account>/reset")
@allowed(admin)
def reset(account: str) -> ResponseReturnValue:
    """End what the person can sign in with, or send an invitation anew."""
    by_id = require_principal().account_id
    token = write(
        lambda s: service.reset_password(s, queries.account_or_404(s, account).id, by_id=by_id, now=utc_now())
    )
    return _link_page(account, token, status=200)


def _link_page(account: str, token: str, *, status: int) -> ResponseReturnValue:
    with reading() as session:
        found = queries.account_or_404(session, account)
    url = link_url(current_settings().base_url, token)
    return render_template("accounts/new_link.html", account=found, url=url), status


def _page(*, one: InviteForm | None = None, many: InviteManyForm | None = None) -> str:
    return render_template(
        "accounts/invite.html", one=one or InviteForm(), many=many or InviteManyForm(), back=url_for("accounts.people")
    )
