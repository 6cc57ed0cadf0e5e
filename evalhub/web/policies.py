"""Who may use a route: a policy is declared on every one, or the app does not start.

A policy is a function named after the act. It gets the principal, then those of the route's arguments that it names:

    def manage_project(principal: Principal, p: str) -> bool: ...

    @bp.post("/projects/<p>/batches")
    @allowed(manage_project)
    def open_batch(p: str) -> ResponseReturnValue: ...

It is asked before the view and before the body is read. Returning False answers 403. An object that is missing, or that
the principal may not even know of, is `raise NotFound`; whatever it says is left unsaid, so that both look the same.
Only routes for `anyone` are open to people who have not signed in; every other policy gets a principal.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from evalhub.errors import CannotStart, Forbidden, NotFound
from evalhub.web.principal import Principal, require_principal

Policy = Callable[..., bool]
View = TypeVar("View", bound=Callable[..., Any])

_MARK = "evalhub_policy"


def allowed(policy: Policy) -> Callable[[View], View]:
    """Declare the policy of a view; stands directly under the route."""

    def declare(view: View) -> View:
        setattr(view, _MARK, policy)
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
        Forbidden: when the policy says no.
        NotFound: when the policy does, always in the same words.
    """
    if request.endpoint is None:
        return
    policy = policy_of(current_app, request.endpoint)
    if policy is anyone:
        return
    principal = require_principal()
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
