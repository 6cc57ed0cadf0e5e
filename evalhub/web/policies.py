"""Who may use a route: a policy is declared on every one, or the app does not start.

A policy is a function named after the act. It gets the principal, then those of the route's arguments that it names:

    def manage_project(principal: Principal, p: str) -> bool: ...

    @bp.post("/projects/<p>/batches")
    @allowed(manage_project)
    def open_batch(p: str) -> ResponseReturnValue: ...

It is asked before the view and before the body is read. Returning False answers 403. An object that is missing, or that
the principal may not even know of, is `raise NotFound`; whatever it says is left unsaid, so that both look the same.
Only routes for `anyone` are open to people who have not signed in; every other policy gets a principal.

What a program sends a token for may be less than its account may do. Reading needs the scope `read`; writing needs what
`allowed(policy, scope=Scope.REVIEW)` names, else `admin` where only admins may, else `manage`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from evalhub.errors import CannotStart, Forbidden, NotFound
from evalhub.web.principal import Principal, Scope, require_principal

Policy = Callable[..., bool]
View = TypeVar("View", bound=Callable[..., Any])

_MARK = "evalhub_policy"
_SCOPE = "evalhub_scope"
_READS = ("GET", "HEAD", "OPTIONS")


def allowed(policy: Policy, *, scope: Scope | None = None) -> Callable[[View], View]:
    """Declare the policy of a view, and the scope that a token needs to write by it; stands right under the route."""

    def declare(view: View) -> View:
        setattr(view, _MARK, policy)
        setattr(view, _SCOPE, scope)
        return view

    return declare


def anyone(principal: Principal | None) -> bool:
    return True


def signed_in(principal: Principal) -> bool:
    return True


def admin(principal: Principal) -> bool:
    return principal.is_admin


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    return getattr(app.view_functions.get(endpoint), _MARK, None)


def scope_of(app: Flask, endpoint: str, method: str) -> Scope:
    """What a token must be for to use this route by this method."""
    if method in _READS:
        return Scope.READ
    declared: Scope | None = getattr(app.view_functions[endpoint], _SCOPE, None)
    usual = Scope.ADMIN if policy_of(app, endpoint) is admin else Scope.MANAGE
    return declared or usual


def assert_every_route_has_a_policy(app: Flask) -> None:
    """Refuse to start with an unguarded route, or with a policy that asks for arguments its route has not.

    Raises:
        CannotStart: naming them all.
    """
    faults = []
    for rule in app.url_map.iter_rules():
        policy = policy_of(app, rule.endpoint)
        if policy is None:
            faults.append(f"{rule.rule} ({rule.endpoint}) declares no policy")
            continue
        missing = sorted(_needed(policy) - set(rule.arguments))
        if missing:
            faults.append(f"{rule.rule} ({rule.endpoint}) lacks what its policy asks for: {', '.join(missing)}")
    if faults:
        raise CannotStart("routes without protection:\n  " + "\n  ".join(faults), code="route_without_policy")


def check_policy() -> None:
    """Ask the policy of the route that was found; runs before every view.

    Raises:
        NotSignedIn: when the route is not for strangers.
        Forbidden: when the token is for less, or the policy says no.
        NotFound: when the policy does, always in the same words.
    """
    if request.endpoint is None:
        return
    policy = policy_of(current_app, request.endpoint)
    if policy is anyone:
        return
    principal = require_principal()
    scope = scope_of(current_app, request.endpoint, request.method)
    if scope not in principal.scopes:
        raise Forbidden(f"This token has no scope `{scope}`; make one that has it.", code="scope")
    try:
        may = policy is not None and policy(principal, **_named(policy, request.view_args or {}))
    except NotFound as error:
        raise NotFound from error
    if not may:
        raise Forbidden("You may not do this; ask somebody with the right role.")


def _needed(policy: Policy) -> set[str]:
    return {name for name, parameter in _arguments(policy).items() if parameter.default is parameter.empty}


def _named(policy: Policy, view_args: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view_args.items() if name in _arguments(policy)}


def _arguments(policy: Policy) -> dict[str, inspect.Parameter]:
    """The policy's parameters but its first, the principal."""
    return dict(list(inspect.signature(policy).parameters.items())[1:])
