"""Whose assignment it is."""

from __future__ import annotations

from evalhub.review.queries.assignments import desk_of
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def hold_assignment(principal: Principal, public_id: str) -> bool:
    """The reviewer whose assignment it is; to everybody else it does not exist."""
    with reading() as session:
        desk_of(session, public_id, principal.account_id)
    return True
