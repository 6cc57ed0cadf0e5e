"""Whose assignment it is, and who may take work out."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.queries import dataset_named
from evalhub.errors import NotFound
from evalhub.projects.models import Member, MemberState, Project
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.queries.assignments import desk_of
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def hold_assignment(principal: Principal, public_id: str) -> bool:
    """The reviewer whose assignment it is; to everybody else it does not exist."""
    with reading() as session:
        desk_of(session, public_id, principal.account_id)
    return True


def change_items(principal: Principal, p: str) -> bool:
    """Admins, and whoever manages every project on the dataset: an item is taken out of all of them at once."""
    if not manage_project(principal, p):
        return False
    with reading() as session:
        return principal.is_admin or _manages_all(session, project_named(session, p).dataset_id, principal.account_id)


def change_items_of(principal: Principal, d: str) -> bool:
    """The same, of a dataset; to those who manage no project on it, it does not exist."""
    with reading() as session:
        dataset_id = dataset_named(session, d).id
        if not principal.is_admin and not _manages_all(session, dataset_id, principal.account_id):
            raise NotFound
    return True


def _manages_all(session: Session, dataset_id: int, account_id: int) -> bool:
    manages = sa.exists().where(
        Member.project_id == Project.id,
        Member.account_id == account_id,
        Member.state == MemberState.ACTIVE,
        Member.is_manager,
    )
    on_dataset = sa.select(sa.func.count(), sa.func.sum(sa.case((manages, 1), else_=0))).where(
        Project.dataset_id == dataset_id
    )
    n_projects, n_managed = session.execute(on_dataset).one()
    return bool(n_projects) and n_projects == n_managed
