"""Whose ratings an imported file holds: members of the project, or accounts made for the names in the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, InstanceRole
from evalhub.errors import BadInput, Fault
from evalhub.projects.models import Member, MemberState


def mapped_accounts(
    session: Session, project_id: int, reviewer_map: Mapping[str, str], is_model: Mapping[str, bool]
) -> dict[str, int]:
    """Account ids of the reviewers that the map gives a sign-in name.

    Raises:
        BadInput: a name of the map is no member's, is given to two reviewers, or belongs to a model.
    """
    wanted = {source: login.strip().lower() for source, login in reviewer_map.items() if source in is_model}
    members = session.execute(
        sa.select(Account.login, Account.id)
        .join(Member, Member.account_id == Account.id)
        .where(
            Member.project_id == project_id,
            Member.state == MemberState.ACTIVE,
            Account.kind == AccountKind.HUMAN,
            Account.login.in_(wanted.values()),
        )
    )
    found = {login: account_id for login, account_id in members if login is not None}
    faults = []
    for source, login in wanted.items():
        if login not in found:
            faults.append(Fault("schema", f'"{login}" is no member of the project; add them first', source))
        elif is_model[source]:
            faults.append(Fault("schema", f"{source} is a model in the file and cannot be a person", source))
        elif list(wanted.values()).count(login) > 1:
            faults.append(Fault("schema", f'"{login}" is given to two reviewers; map one', source))
    if faults:
        raise BadInput("The reviewer map does not fit the project.", faults=faults)
    return {source: found[login] for source, login in wanted.items()}


def source_reviewers(
    session: Session, project_id: int, is_model: Mapping[str, bool], accounts: Mapping[str, int], at: datetime
) -> dict[str, int]:
    """Account ids by name in the file; those seen for the first time get an account of this project without sign-in."""
    named = sa.select(Member.source_name, Member.account_id).where(
        Member.project_id == project_id, Member.source_name.is_not(None)
    )
    known: dict[str | None, int] = dict(session.execute(named).all())
    found = {}
    for name in sorted(is_model):
        kind = AccountKind.MODEL if is_model[name] else AccountKind.IMPORTED
        found[name] = accounts.get(name) or known.get(name) or _new_reviewer(session, project_id, name, kind, at)
    return found


def _new_reviewer(session: Session, project_id: int, name: str, kind: AccountKind, at: datetime) -> int:
    account = Account(kind=kind, display_name=name, role=InstanceRole.MEMBER, created_at=at)
    session.add(account)
    session.flush()
    session.add(
        Member(
            project_id=project_id,
            account_id=account.id,
            is_reviewer=True,
            state=MemberState.ACTIVE,
            source_name=name,
            joined_at=at,
        )
    )
    session.flush()
    return account.id
