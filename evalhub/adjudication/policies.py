"""Who may see and settle cases.

Blindness beats role: to those who graded an item, or may still claim it, its case does not exist.
"""

from __future__ import annotations

from evalhub.adjudication.queries.cases import CasePlace, Standing, case_of, standing
from evalhub.adjudication.queries.nobody import exception_of, is_stuck, reconciliation_of
from evalhub.errors import NotFound
from evalhub.projects.models import Member, Project
from evalhub.projects.policies import may
from evalhub.projects.queries import membership
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import LIKE_LIVE
from evalhub.review.queries.assignments import desk_of
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def see_case(principal: Principal, public_id: str) -> bool:
    """Adjudicators and managers who neither graded the item nor may still claim it."""
    if not sees_case(principal, public_id):
        raise NotFound
    return True


def sees_case(principal: Principal, public_id: str) -> bool:
    """Whether the account may open the case's page, for pages that link to it."""
    with reading() as session:
        place = case_of(session, public_id)
        project, member = _membership(principal, place)
        blind = standing(session, place, principal.account_id) is Standing.BLIND
    return not blind and may(principal, project, member, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER)


def settle_case(principal: Principal, public_id: str) -> bool:
    """Adjudicators, and a manager with a recorded exception; that they may is checked under the case's lock."""
    with reading() as session:
        project, member = _membership(principal, case_of(session, public_id))
    if not may(principal, project, member, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER):
        raise NotFound
    return settles(principal, public_id)


def settles(principal: Principal, public_id: str) -> bool:
    """Whether the account decides cases, this one among them if it did not grade the item."""
    with reading() as session:
        place = case_of(session, public_id)
        project, member = _membership(principal, place)
        let_in = exception_of(session, place, principal.account_id) is not None
    roles = (ProjectRole.ADJUDICATOR, ProjectRole.MANAGER) if let_in else (ProjectRole.ADJUDICATOR,)
    return may(principal, project, member, *roles)


def return_review(principal: Principal, public_id: str) -> bool:
    """Managers who may see the case, and adjudicators who have taken it: before that they know nothing of it."""
    see_case(principal, public_id)
    with reading() as session:
        place = case_of(session, public_id)
        is_taken = standing(session, place, principal.account_id) is Standing.TAKEN
    return is_taken or not settles(principal, public_id)


def unblock_case(principal: Principal, public_id: str) -> bool:
    """Managers, graders of the item among them, while no adjudicator is left who may settle the case."""
    with reading() as session:
        place = case_of(session, public_id)
        project, member = _membership(principal, place)
        stuck = is_stuck(session, place)
    if not stuck or not may(principal, project, member, ProjectRole.MANAGER):
        raise NotFound
    return True


def see_outcome(principal: Principal, public_id: str) -> bool:
    """The reviewer whose assignment it is, while they take part: it shows what others said.

    Only of work that counts, and of gold, which must not stand out from it: what was said in a calibration round is
    talked about after the round, and only of some items.
    """
    with reading() as session:
        desk = desk_of(session, public_id, principal.account_id)
        if desk.task.purpose not in LIKE_LIVE:
            raise NotFound
        return membership(session, desk.project.id, principal.account_id) is not None


def reconcile_case(principal: Principal, public_id: str) -> bool:
    """The reviewer whose assignment it is, when they were asked to settle its case together with the others."""
    if not see_outcome(principal, public_id):
        return False
    with reading() as session:
        desk = desk_of(session, public_id, principal.account_id)
        if reconciliation_of(session, CasePlace(desk.project.id, desk.task.id)) is None:
            raise NotFound
    return True


def _membership(principal: Principal, place: CasePlace) -> tuple[Project, Member | None]:
    with reading() as session:
        return session.get_one(Project, place.project_id), membership(session, place.project_id, principal.account_id)
