"""One's own account: name, password, API tokens, sessions."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts import service
from evalhub.accounts.forms import ChangePasswordForm, NameForm, ProfileForm, TokenForm, password_hint, words_of
from evalhub.accounts.models import Account
from evalhub.accounts.passwords import hash_password, is_password
from evalhub.accounts.queries import domains_of, languages_of, sessions_of, tokens_of
from evalhub.accounts.views.blueprint import bp
from evalhub.accounts.views.sign_in import session_life, signed_in_response
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import Scope, current_visit, require_principal
from evalhub.web.session import reading, write


@bp.get("/account")
@allowed(signed_in)
def account() -> ResponseReturnValue:
    return _page()


@bp.post("/account/name")
@allowed(signed_in)
def rename() -> ResponseReturnValue:
    form, account_id = NameForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(name_form=form), 422
    write(lambda s: service.rename(s, account_id, form.display_name.data, by_id=account_id, now=utc_now()))
    flash("Your name is changed.")
    return redirect(url_for("accounts.account"), 303)


@bp.post("/account/profile")
@allowed(signed_in)
def change_profile() -> ResponseReturnValue:
    form, account_id = ProfileForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(profile_form=form), 422
    domains, languages = words_of(form.domains), words_of(form.languages)
    write(lambda s: service.set_profile(s, account_id, domains, languages, by_id=account_id))
    flash("What you know is changed.")
    return redirect(url_for("accounts.account"), 303)


@bp.post("/account/password")
@allowed(signed_in)
def change_password() -> ResponseReturnValue:
    form, mine = ChangePasswordForm.from_request(), _mine()
    form.account_login = mine.login
    valid = form.validate()
    if valid and mine.password_hash and not is_password(mine.password_hash, form.current.data or ""):
        form.current.errors = ["This is not your current password."]
        valid = False
    if not valid:
        return _page(password_form=form), 422
    password_hash = hash_password(form.password.data)

    def change(session: Session) -> str:
        now = utc_now()
        service.set_password(session, mine.id, password_hash, by_id=mine.id, now=now)
        return service.replace_sessions(session, mine.id, life=session_life(), now=now)

    response = signed_in_response(write(change), url_for("accounts.account"))
    flash("Your password is changed; every other session has ended.")
    return response


@bp.post("/account/tokens")
@allowed(signed_in)
def create_token() -> ResponseReturnValue:
    """Make a token; its only showing is the answer itself."""
    form, account_id = TokenForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(token_form=form), 422
    token = write(
        lambda s: service.create_token(
            s,
            account_id=account_id,
            name=form.name.data,
            scopes=[Scope(value) for value in form.scopes.data or ()],
            expires_at=form.expires_at(),
            now=utc_now(),
            by_id=account_id,
        )
    )
    return _page(new_token=token), 201


@bp.post("/account/tokens/<token_id>/revoke")
@allowed(signed_in)
def revoke_token(token_id: str) -> ResponseReturnValue:
    account_id = require_principal().account_id
    write(lambda s: service.revoke_token(s, token_id, account_id=account_id, by_id=account_id, now=utc_now()))
    flash("The token no longer works.")
    return redirect(url_for("accounts.account"), 303)


def _mine() -> Account:
    with reading() as session:
        return session.get_one(Account, require_principal().account_id)


def _page(
    *,
    name_form: NameForm | None = None,
    profile_form: ProfileForm | None = None,
    password_form: ChangePasswordForm | None = None,
    token_form: TokenForm | None = None,
    new_token: str | None = None,
) -> str:
    mine, visit = _mine(), current_visit()
    with reading() as session:
        tokens = tokens_of(session, mine.id)
        sessions = sessions_of(session, mine.id, now=utc_now())
        domains, languages = domains_of(session, mine.id), languages_of(session, mine.id)
    return render_template(
        "accounts/account.html",
        account=mine,
        tokens=tokens,
        sessions=sessions,
        session_id=visit.session_id if visit else None,
        name_form=name_form or NameForm(display_name=mine.display_name),
        profile_form=profile_form or ProfileForm(domains=", ".join(domains), languages=", ".join(languages)),
        password_form=password_form or ChangePasswordForm(),
        token_form=token_form or TokenForm(),
        new_token=new_token,
        hint=password_hint(),
        now=utc_now(),
    )
