"""People, for admins: who there is, invitations, roles, resets."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts import queries, service
from evalhub.accounts.forms import DomainsForm, InviteForm, RoleForm
from evalhub.accounts.models import InstanceRole
from evalhub.accounts.schema import link_url
from evalhub.accounts.views.blueprint import bp
from evalhub.errors import Conflict
from evalhub.web.context import current_settings, utc_now
from evalhub.web.listing import listing_of
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/people")
@allowed(admin)
def people() -> ResponseReturnValue:
    return _list_page(InviteForm())


@bp.post("/people")
@allowed(admin)
def invite() -> ResponseReturnValue:
    """Make an account; the only showing of its link is the answer itself."""
    form, by_id = InviteForm.from_request(), require_principal().account_id
    if not form.validate():
        return _list_page(form), 422
    role = InstanceRole(form.role.data)
    try:
        account, token = write(
            lambda s: service.invite(s, form.login.data, form.display_name.data, role, by_id=by_id, now=utc_now())
        )
    except Conflict as error:
        form.login.errors = [error.message]
        return _list_page(form), 409
    return _link_page(account.public_id, token, status=201)


@bp.get("/people/<account>")
@allowed(admin)
def person(account: str) -> ResponseReturnValue:
    return _person_page(account)


@bp.post("/people/<account>/role")
@allowed(admin)
def set_role(account: str) -> ResponseReturnValue:
    form, by_id = RoleForm.from_request(), require_principal().account_id
    if not form.validate():
        return _person_page(account, role_form=form), 422
    role = InstanceRole(form.role.data)
    _change(account, lambda s, account_id: service.set_role(s, account_id, role, by_id=by_id, now=utc_now()))
    return _back_to(account, "The role is changed.")


@bp.post("/people/<account>/domains")
@allowed(admin)
def set_domains(account: str) -> ResponseReturnValue:
    form, by_id = DomainsForm.from_request(), require_principal().account_id
    if not form.validate():
        return _person_page(account, domains_form=form), 422
    _change(account, lambda s, account_id: service.set_domains(s, account_id, form.listed(), by_id=by_id))
    return _back_to(account, "The domains are changed.")


@bp.post("/people/<account>/disable")
@allowed(admin)
def disable(account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(account, lambda s, account_id: service.disable(s, account_id, by_id=by_id, now=utc_now()))
    return _back_to(account, "The account is disabled; its sessions, tokens and links have ended.")


@bp.post("/people/<account>/enable")
@allowed(admin)
def enable(account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(account, lambda s, account_id: service.enable(s, account_id, by_id=by_id, now=utc_now()))
    return _back_to(account, "The account works again.")


@bp.post("/people/<account>/reset")
@allowed(admin)
def reset(account: str) -> ResponseReturnValue:
    """End what the person can sign in with; the only showing of the new link is the answer itself."""
    by_id = require_principal().account_id
    token = write(
        lambda s: service.reset_password(s, queries.account_or_404(s, account).id, by_id=by_id, now=utc_now())
    )
    return _link_page(account, token, status=200)


def _change(account: str, change: Callable[[Session, int], None]) -> None:
    write(lambda session: change(session, queries.account_or_404(session, account).id))


def _back_to(account: str, notice: str) -> ResponseReturnValue:
    flash(notice)
    return redirect(url_for("accounts.person", account=account), 303)


def _list_page(form: InviteForm) -> str:
    listing = listing_of(
        request.args, at=url_for("accounts.people"), sorts=("name", "login", "made"), filters=("q", "role", "state")
    )
    with reading() as session:
        found = queries.people(session, listing)
    return render_template("accounts/people.html", people=found, listing=listing, form=form)


def _link_page(account: str, token: str, *, status: int) -> ResponseReturnValue:
    with reading() as session:
        found = queries.account_or_404(session, account)
    url = link_url(current_settings().base_url, token)
    return render_template("accounts/new_link.html", account=found, url=url), status


def _person_page(account: str, *, role_form: RoleForm | None = None, domains_form: DomainsForm | None = None) -> str:
    with reading() as session:
        found = queries.account_or_404(session, account)
        domains = queries.domains_of(session, found.id)
    return render_template(
        "accounts/person.html",
        account=found,
        role_form=role_form or RoleForm(role=found.role.value),
        domains_form=domains_form or DomainsForm(domains=", ".join(domains)),
    )
