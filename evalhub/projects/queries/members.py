"""Reads of members."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.projects.models import Member, MemberState
from evalhub.projects.schema import ProjectRole
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset


@dataclass(frozen=True, slots=True)
class MemberLine:
    account: Account
    member: Member

    @property
    def roles(self) -> list[str]:
        return sorted(roles_of(self.member))

    @property
    def shown_name(self) -> str:
        """The display name, marked where the ratings are simulated or imported."""
        return shown_name(self.account.display_name, self.member, self.account.kind)


def shown_name(display_name: str, member: Member | None, kind: AccountKind) -> str:
    if member is not None and member.is_simulated and "simulated" not in display_name.lower():
        return f"{display_name} (simulated)"
    return f"{display_name} (imported)" if kind is AccountKind.IMPORTED else display_name


def roles_of(member: Member) -> frozenset[ProjectRole]:
    flags = {
        ProjectRole.REVIEWER: member.is_reviewer,
        ProjectRole.ADJUDICATOR: member.is_adjudicator,
        ProjectRole.MANAGER: member.is_manager,
        ProjectRole.VIEWER: member.is_viewer,
    }
    return frozenset(role for role, held in flags.items() if held)


def membership(session: Session, project_id: int, account_id: int) -> Member | None:
    """The active membership of an account, if any."""
    return session.scalar(
        sa.select(Member).where(
            Member.project_id == project_id, Member.account_id == account_id, Member.state == MemberState.ACTIVE
        )
    )


def members_of(session: Session, project_id: int, *, with_removed: bool = False) -> list[MemberLine]:
    statement = (
        sa.select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(Member.project_id == project_id)
        .order_by(Account.display_name, Account.id)
    )
    if not with_removed:
        statement = statement.where(Member.state == MemberState.ACTIVE)
    return [MemberLine(account, member) for account, member in session.execute(statement)]


MEMBERS_BY = {"name": sa.func.lower(Account.display_name), "since": Member.joined_at}


def member_page(session: Session, project_id: int, listing: Listing) -> Page[Account, Member]:
    """The active members of a project; `q` matches inside their names, `role` is one of theirs."""
    found = (
        sa.select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(Member.project_id == project_id, Member.state == MemberState.ACTIVE)
    )
    if search := listing.filters["q"]:
        found = found.where(
            Account.display_name.icontains(search, autoescape=True) | Account.login.icontains(search, autoescape=True)
        )
    if role := listing.chosen("role", ProjectRole):
        found = found.where(getattr(Member, f"is_{role}"))
    return keyset(session, found, listing.order(MEMBERS_BY, last=Account.id), listing.after)


def simulated_reviewers(session: Session, project_id: int) -> set[int]:
    """The accounts whose ratings a program drew, removed members included."""
    return set(
        session.scalars(sa.select(Member.account_id).where(Member.project_id == project_id, Member.is_simulated))
    )


def removed_members(session: Session, project_id: int) -> list[MemberLine]:
    """The people who have left a project and may be taken back, by name, with the roles that they had."""
    found = members_of(session, project_id, with_removed=True)
    return [
        line
        for line in found
        if line.member.state is MemberState.REMOVED
        and line.account.kind is AccountKind.HUMAN
        and line.account.disabled_at is None
    ]
