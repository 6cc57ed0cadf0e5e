"""Change who takes part in a project."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account, AccountKind
from evalhub.audit.service import record
from evalhub.db import locked
from evalhub.errors import BadInput, Fault, NotFound
from evalhub.projects.models import Member, MemberState, Project
from evalhub.projects.schema import ProjectRole


def set_member(
    session: Session,
    project_id: int,
    account_id: int,
    roles: Collection[ProjectRole],
    *,
    by: Account | None,
    now: datetime,
    is_simulated: bool = False,
    source_name: str | None = None,
) -> Member:
    """Take an account into a project, take it back, or change its roles there.

    Raises:
        BadInput: no role is given, or the account cannot hold one.
        NotFound: there is no such active account.
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    member = session.get(Member, (project_id, account_id)) or Member(
        project_id=project_id, account_id=account_id, joined_at=now, source_name=source_name, is_simulated=is_simulated
    )
    _give_roles(session, project, member, roles, by=by, now=now)
    events.members_changed.send(session, project_id=project_id)
    return member


def set_members(
    session: Session,
    project_id: int,
    account_ids: Collection[int],
    roles: Collection[ProjectRole],
    *,
    by: Account | None,
    now: datetime,
) -> None:
    """Give several people the same roles in a project, all or none.

    Raises:
        BadInput: no role is given, or one of the accounts cannot hold one.
        NotFound: one of the accounts is not there, or not active.
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    for account_id in sorted(set(account_ids)):
        member = session.get(Member, (project_id, account_id)) or Member(
            project_id=project_id, account_id=account_id, joined_at=now
        )
        _give_roles(session, project, member, roles, by=by, now=now)
    events.members_changed.send(session, project_id=project_id)


def _give_roles(
    session: Session,
    project: Project,
    member: Member,
    roles: Collection[ProjectRole],
    *,
    by: Account | None,
    now: datetime,
) -> None:
    account = session.get(Account, member.account_id)
    if account is None or account.disabled_at is not None:
        raise NotFound("There is no such active account.")
    if not roles:
        raise BadInput("Choose at least one role.", faults=[Fault("schema", "choose at least one role", "roles")])
    if account.kind is AccountKind.IMPORTED and (set(roles) != {ProjectRole.REVIEWER} or not member.source_name):
        raise BadInput("An imported reviewer can only be a reviewer of its own project.")
    member.state = MemberState.ACTIVE
    member.removed_at = None
    member.is_reviewer = ProjectRole.REVIEWER in roles
    member.is_adjudicator = ProjectRole.ADJUDICATOR in roles
    member.is_manager = ProjectRole.MANAGER in roles
    member.is_viewer = ProjectRole.VIEWER in roles
    session.add(member)
    session.flush()
    record(
        session,
        action="member.set",
        subject=("account", account.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
        payload={"roles": sorted(roles)},
    )


def remove_member(
    session: Session, project_id: int, account_id: int, *, reason: str, by: Account | None, now: datetime
) -> None:
    """End an account's part in a project: its leases end, its work stays.

    Raises:
        NotFound: the account is no active member.
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    member = session.scalar(
        locked(sa.select(Member).where(Member.project_id == project_id, Member.account_id == account_id))
    )
    if member is None or member.state is not MemberState.ACTIVE:
        raise NotFound("This account is no member of the project.")
    member.state = MemberState.REMOVED
    member.removed_at = now
    session.flush()
    account = session.get_one(Account, account_id)
    record(
        session,
        action="member.removed",
        subject=("account", account.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
        payload={"reason_given": bool(reason)},
    )
    events.member_removed.send(session, project_id=project_id, account_id=account_id)
