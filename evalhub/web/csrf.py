"""No page of another site makes a browser of ours write.

A signed-in browser's token stands in its session's row, so it lives as long as the session; a stranger's (who may only
sign in or open a link) in the signed visitor's cookie.
"""

from __future__ import annotations

import hmac
import secrets

from flask import current_app, request, session

from evalhub.errors import Forbidden
from evalhub.web.context import is_api
from evalhub.web.policies import anyone, policy_of
from evalhub.web.principal import current_visit

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class ForeignRequest(Forbidden):
    code = "csrf"
    http_status = 400


def csrf_token() -> str:
    """The token that forms of this page must carry."""
    visit = current_visit()
    if visit is not None:
        return visit.csrf_token
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(24)
    token: str = session[FIELD]
    return token


def check_origin() -> None:
    """Refuse what a browser itself says comes from another site.

    Raises:
        ForeignRequest: for unsafe methods only.
    """
    if request.method not in SAFE_METHODS and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ForeignRequest("This request came from another site; nothing was stored.")


def check_csrf() -> None:
    """Refuse an unsafe request without the token of its session; runs after the policy.

    Raises:
        ForeignRequest: the form is from another session, or from elsewhere.
    """
    if request.method in SAFE_METHODS or request.endpoint is None or is_api():
        return
    visit = current_visit()
    expected = visit.csrf_token if visit else session.get(FIELD, "")
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        stranger = policy_of(current_app, request.endpoint) is anyone
        raise ForeignRequest(
            "This page is out of date; nothing was stored. "
            + ("Load it again." if stranger else "Go back, load it again and send it once more.")
        )
