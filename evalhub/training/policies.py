"""Who may see how their own practice and qualification went."""

from __future__ import annotations

from evalhub.errors import NotFound
from evalhub.projects.queries import membership
from evalhub.review.models import LEARNING, Purpose
from evalhub.review.queries.assignments import desk_of
from evalhub.training.queries.attempts import GRADED
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def go_on_learning(principal: Principal, public_id: str) -> bool:
    """The reviewer whose practice or qualification the assignment belongs to; of other work there is no such page."""
    with reading() as session:
        if desk_of(session, public_id, principal.account_id).task.purpose not in LEARNING:
            raise NotFound
    return True


def read_feedback(principal: Principal, public_id: str) -> bool:
    """The reviewer whose practice it is, once it is submitted and can be changed no more, while they take part."""
    with reading() as session:
        desk = desk_of(session, public_id, principal.account_id)
        row = desk.assignment
        if desk.task.purpose is not Purpose.PRACTICE or row.state not in GRADED or row.others_shown_at is None:
            raise NotFound
        return membership(session, desk.project.id, principal.account_id) is not None
