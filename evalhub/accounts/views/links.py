"""One-time links: a GET shows what the link does and changes nothing, so that no mail scanner uses it up."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts import service
from evalhub.accounts.forms import NewPasswordForm, OpenLinkForm, password_hint
from evalhub.accounts.models import Account, Invitation, InvitationPurpose
from evalhub.accounts.passwords import hash_password
from evalhub.accounts.queries import live_link
from evalhub.accounts.service.links import DeadLink
from evalhub.accounts.views.blueprint import bp
from evalhub.accounts.views.sign_in import session_life, signed_in_response
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, anyone
from evalhub.web.principal import Visit, current_visit
from evalhub.web.session import reading, write


@bp.get("/links/<token>")
@allowed(anyone)
def link(token: str) -> ResponseReturnValue:
    invitation, account = _live(token)
    if invitation.purpose is InvitationPurpose.SIGN_IN:
        return render_template("accounts/link.html", form=OpenLinkForm(), account=account)
    return _password_page(NewPasswordForm(), account)


@bp.post("/links/<token>")
@allowed(anyone)
def use_link(token: str) -> ResponseReturnValue:
    invitation, account = _live(token)
    password_hash = None
    if invitation.purpose is not InvitationPurpose.SIGN_IN:
        form = NewPasswordForm.from_request()
        form.account_login = account.login
        if not form.validate():
            return _password_page(form, account), 422
        password_hash = hash_password(form.password.data)
    visit = current_visit()
    return signed_in_response(write(lambda session: _enter(session, token, password_hash, before=visit)), "/")


def _live(token: str) -> tuple[Invitation, Account]:
    with reading() as session:
        found = live_link(session, token, now=utc_now())
    if found is None:
        raise DeadLink
    return found


def _enter(session: Session, token: str, password_hash: str | None, *, before: Visit | None) -> str:
    """Use the link and open a session in place of the one that this browser may have had."""
    now = utc_now()
    if before is not None:
        service.close_session(session, before.session_id, account_id=before.principal.account_id, now=now)
    used = service.use_link(session, token, now=now)
    if used.purpose is not InvitationPurpose.SIGN_IN:
        if password_hash is None:
            raise DeadLink
        service.set_password(session, used.account_id, password_hash, by_id=used.account_id, now=now)
    return service.open_session(session, used.account_id, life=session_life(), now=now)


def _password_page(form: NewPasswordForm, account: Account) -> str:
    return render_template("accounts/set_password.html", form=form, account=account, hint=password_hint())
