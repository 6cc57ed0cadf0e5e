"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts import service
from evalhub.accounts.forms import SignInForm
from evalhub.accounts.identity import Kept, kept_form, visit_of_cookie
from evalhub.accounts.passwords import is_password
from evalhub.accounts.queries import account_of_login
from evalhub.accounts.views.blueprint import bp
from evalhub.errors import BadInput, TooMany
from evalhub.web.answers import json_response
from evalhub.web.context import current_settings, same_site_path, utc_now, visitor_address, wants_json
from evalhub.web.cookies import clear_session_cookie, session_cookie_name, set_session_cookie
from evalhub.web.csrf import csrf_token
from evalhub.web.policies import allowed, anyone, signed_in
from evalhub.web.principal import current_visit, require_principal
from evalhub.web.session import reading, write


@bp.get("/sign-in")
@allowed(anyone)
def sign_in() -> ResponseReturnValue:
    if wants_json():
        return _who_is_here()
    target = same_site_path(request.args.get("next"))
    if current_visit() is not None:
        return redirect(target, 303)
    has_ended = session_cookie_name() in request.cookies
    return render_template("accounts/sign_in.html", form=SignInForm(), next=target, kept=None, has_ended=has_ended)


@bp.post("/sign-in")
@allowed(anyone)
def check_sign_in() -> ResponseReturnValue:
    form, kept = SignInForm.from_request(), kept_form()
    try:
        account_id = _proven_account(form) if form.validate() else None
    except TooMany as error:
        return _refused_for_now(form, kept, error)
    if account_id is None:
        if not form.errors:
            form.form_errors.append("That name and that password do not belong together.")
        if wants_json():
            raise BadInput(next(str(messages[0]) for messages in form.errors.values()))
        return _page(form, kept), 422
    visit = current_visit()
    if visit is not None:
        write(
            lambda s: service.close_session(s, visit.session_id, account_id=visit.principal.account_id, now=utc_now())
        )
    secret = write(lambda s: service.open_session(s, account_id, life=session_life(), now=utc_now()))
    if wants_json():
        return _signed_in_on_the_page(secret)
    return _resend(kept, secret) if kept else signed_in_response(secret, same_site_path(form.next.data))


@bp.post("/sign-out")
@allowed(signed_in)
def sign_out() -> ResponseReturnValue:
    visit = current_visit()
    if visit is not None:
        write(
            lambda s: service.close_session(s, visit.session_id, account_id=visit.principal.account_id, now=utc_now())
        )
    return signed_out_response()


@bp.post("/sign-out/everywhere")
@allowed(signed_in)
def sign_out_everywhere() -> ResponseReturnValue:
    account_id = require_principal().account_id
    write(lambda s: service.close_all_sessions(s, account_id, by_id=account_id, now=utc_now()))
    return signed_out_response()


def session_life() -> timedelta:
    return timedelta(hours=current_settings().session_hours)


def signed_in_response(secret: str, target: str) -> Response:
    """To the target, with the new session's cookie; nothing of the stranger's visit is taken over."""
    session.clear()
    response = make_response(redirect(target, 303))
    set_session_cookie(response, secret)
    return response


def signed_out_response() -> Response:
    flash("You are signed out.")
    response = make_response(redirect(url_for("accounts.sign_in"), 303))
    clear_session_cookie(response)
    return response


def _proven_account(form: SignInForm) -> int | None:
    """The account whose name and password these are; an unknown name takes as long as a wrong password.

    Raises:
        TooMany: for this name or from this address, whether there is such a name or not.
    """
    login, address, now = form.login.data, visitor_address(), utc_now()
    write(lambda db: service.count_try(db, login, address, now=now))
    with reading() as db:
        account = account_of_login(db, login)
    right = is_password(account.password_hash if account else None, form.password.data)
    if account is None or not right or account.disabled_at is not None:
        return None
    write(lambda db: service.forget_tries(db, login, address))
    return account.id


def _refused_for_now(form: SignInForm, kept: Kept | None, error: TooMany) -> ResponseReturnValue:
    if wants_json():
        raise error
    form.form_errors.append(error.message)
    return _page(form, kept), error.http_status, {"Retry-After": str(error.retry_after)}


def _page(form: SignInForm, kept: Kept | None) -> str:
    """The sign-in page again, with what was typed."""
    return render_template("accounts/sign_in.html", form=form, next=same_site_path(form.next.data), kept=kept)


def _resend(kept: Kept, secret: str) -> Response:
    """The form that came without a session, ready to be sent by the new one."""
    session.clear()
    g.visit = visit_of_cookie(secret)
    page = render_template("accounts/resend.html", target=same_site_path(kept.target), fields=kept.fields)
    response = make_response(page)
    set_session_cookie(response, secret)
    return response


def _who_is_here() -> Response:
    """For a page whose session may have ended: who is signed in now, and the token that its forms must carry."""
    visit = current_visit()
    name = visit.principal.display_name if visit else None
    return json_response({"account": name, "csrf_token": csrf_token()})


def _signed_in_on_the_page(secret: str) -> Response:
    """To a page that stays where it is, because words are typed in it."""
    session.clear()
    g.visit = visit_of_cookie(secret)
    response = _who_is_here()
    set_session_cookie(response, secret)
    return response
