"""Who may see and settle cases.

Blindness beats role: to those who graded an item, or may still claim it, its case does not exist.
"""

from __future__ import annotations

from evalhub.adjudication.queries.cases import CasePlace, Standing, case_of, standing
from evalhub.errors import NotFound
from evalhub.projects.models import Member, Project
from evalhub.projects.policies import may
from evalhub.projects.queries import membership
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import COUNTED_PURPOSES
from evalhub.review.queries.assignments import desk_of
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def see_case(principal: Principal, public_id: str) -> bool:
    """Adjudicators and managers who neither graded the item nor may still claim it."""
    with reading() as session:
        place = case_of(session, public_id)
        project, member = _membership(principal, place)
        blind = standing(session, place, principal.account_id) is Standing.BLIND
    if blind or not may(principal, project, member, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER):
        raise NotFound
    return True


def settle_case(principal: Principal, public_id: str) -> bool:
    """Adjudicators; that they did not grade the item is checked under its lock."""
    with reading() as session:
        project, member = _membership(principal, case_of(session, public_id))
    if not may(principal, project, member, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER):
        raise NotFound
    return may(principal, project, member, ProjectRole.ADJUDICATOR)


def see_outcome(principal: Principal, public_id: str) -> bool:
    """The reviewer whose assignment it is, while they take part: it shows what others said.

    Only of work that counts: what was said in a calibration round is talked about after the round, and only of some
    items.
    """
    with reading() as session:
        desk = desk_of(session, public_id, principal.account_id)
        if desk.task.purpose not in COUNTED_PURPOSES:
            raise NotFound
        return membership(session, desk.project.id, principal.account_id) is not None


def _membership(principal: Principal, place: CasePlace) -> tuple[Project, Member | None]:
    with reading() as session:
        return session.get_one(Project, place.project_id), membership(session, place.project_id, principal.account_id)
