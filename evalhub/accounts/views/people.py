"""People, for admins: who there is, and what each may do."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts import queries, service
from evalhub.accounts.forms import ProfileForm, RoleForm, words_of
from evalhub.accounts.models import InstanceRole
from evalhub.accounts.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.listing import listing_of
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/people")
@allowed(admin)
def people() -> ResponseReturnValue:
    listing = listing_of(
        request.args,
        at=url_for("accounts.people"),
        sorts=("name", "login", "made", "seen"),
        filters=("q", "role", "state", "domain"),
    )
    with reading() as session:
        found, domains = queries.people(session, listing), queries.domains_in_use(session)
    return render_template("accounts/people.html", people=found, listing=listing, domains=domains)


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
    form, by_id = ProfileForm.from_request(), require_principal().account_id
    if not form.validate():
        return _person_page(account, profile_form=form), 422
    domains, languages = words_of(form.domains), words_of(form.languages)
    _change(account, lambda s, account_id: service.set_profile(s, account_id, domains, languages, by_id=by_id))
    return _back_to(account, "What they know is changed.")


@bp.post("/people/<account>/disable")
@allowed(admin)
def disable(account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(account, lambda s, account_id: service.disable(s, account_id, by_id=by_id, now=utc_now()))
    return _back_to(account, "The account is disabled; its sessions, tokens, links and leases have ended.")


@bp.post("/people/<account>/enable")
@allowed(admin)
def enable(account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(account, lambda s, account_id: service.enable(s, account_id, by_id=by_id, now=utc_now()))
    return _back_to(account, "The account works again.")


@bp.post("/people/<account>/sign-out")
@allowed(admin)
def sign_person_out(account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(account, lambda s, account_id: service.close_all_sessions(s, account_id, by_id=by_id, now=utc_now()))
    return _back_to(account, "They are signed out everywhere.")


@bp.post("/people/<account>/withdraw")
@allowed(admin)
def withdraw(account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(account, lambda s, account_id: service.withdraw_link(s, account_id, by_id=by_id, now=utc_now()))
    return _back_to(account, "The link does not work any more.")


@bp.post("/people/<account>/tokens/<token_id>/revoke")
@allowed(admin)
def revoke_token_of(account: str, token_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    _change(
        account,
        lambda s, account_id: service.revoke_token(s, token_id, account_id=account_id, by_id=by_id, now=utc_now()),
    )
    return _back_to(account, "The token no longer works.")


def _change(account: str, change: Callable[[Session, int], None]) -> None:
    write(lambda session: change(session, queries.account_or_404(session, account).id))


def _back_to(account: str, notice: str) -> ResponseReturnValue:
    flash(notice)
    return redirect(url_for("accounts.person", account=account), 303)


def _person_page(account: str, *, role_form: RoleForm | None = None, profile_form: ProfileForm | None = None) -> str:
    now = utc_now()
    with reading() as session:
        found = queries.account_or_404(session, account)
        domains, languages = queries.domains_of(session, found.id), queries.languages_of(session, found.id)
        known = {
            "link": queries.open_link_of(session, found.id, now=now),
            "load": queries.load_of(session, [found.id]).get(found.id),
            "memberships": queries.memberships_of(session, found.id),
            "tokens": queries.tokens_of(session, found.id),
            "n_sessions": len(queries.sessions_of(session, found.id, now=now)),
        }
    profile = ProfileForm(domains=", ".join(domains), languages=", ".join(languages))
    return render_template(
        "accounts/person.html",
        account=found,
        role_form=role_form or RoleForm(role=found.role.value),
        profile_form=profile_form or profile,
        now=now,
        **known,
    )
