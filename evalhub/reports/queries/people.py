"""What people do and hold across projects, for the pages of accounts, which know of no project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.schema import Load, Membership
from evalhub.db import now
from evalhub.projects.models import Member, MemberState, Project, ProjectState
from evalhub.projects.queries import roles_of
from evalhub.review.models import Assignment, AssignmentState, Review

A_WEEK = timedelta(days=7)


def loads(session: Session, account_ids: Sequence[int]) -> dict[int, Load]:
    """How much each of some people submitted in the last seven days, and holds now (handler of `load_asked`)."""
    since = now(session) - A_WEEK
    reviews = _by_person(session, Review.reviewer_id, account_ids, Review.revision == 1, Review.submitted_at >= since)
    leases = _by_person(session, Assignment.reviewer_id, account_ids, Assignment.state == AssignmentState.LEASED)
    return {each: Load(reviews.get(each, 0), leases.get(each, 0)) for each in account_ids}


def memberships(session: Session, account_id: int) -> list[Membership]:
    """The projects that somebody is in, the open ones first, by title (handler of `memberships_asked`)."""
    rows = session.execute(
        sa.select(Project, Member)
        .join(Member, Member.project_id == Project.id)
        .where(Member.account_id == account_id, Member.state == MemberState.ACTIVE)
        .order_by(Project.state.desc(), sa.func.lower(Project.title), Project.id)
    )
    return [
        Membership(project.name, project.title, project.state is ProjectState.OPEN, tuple(sorted(roles_of(member))))
        for project, member in rows
    ]


def _by_person(
    session: Session,
    person: sa.orm.InstrumentedAttribute[int],
    account_ids: Sequence[int],
    *conditions: sa.ColumnElement[bool],
) -> dict[int, int]:
    counted = sa.select(person, sa.func.count()).where(person.in_(account_ids), *conditions).group_by(person)
    return dict(session.execute(counted).all())
