"""The people that a visitor of the demo can sign in as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, InstanceRole, InvitationPurpose
from evalhub.accounts.queries import account_of_login
from evalhub.accounts.schema import link_url
from evalhub.accounts.service import create_account, create_link
from evalhub.db import Database, now
from evalhub.projects.schema import ProjectRole
from evalhub.web.session import write

LINK_LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    login: str
    name: str
    role: InstanceRole
    project_roles: tuple[ProjectRole, ...]


REVIEWER = DemoPerson("reviewer", "Demo reviewer", InstanceRole.MEMBER, (ProjectRole.REVIEWER,))
ADJUDICATOR = DemoPerson("adjudicator", "Demo adjudicator", InstanceRole.MEMBER, (ProjectRole.ADJUDICATOR,))
ADMIN = DemoPerson("admin", "Demo admin", InstanceRole.ADMIN, (ProjectRole.MANAGER,))
PEOPLE = (REVIEWER, ADJUDICATOR, ADMIN)


@dataclass(frozen=True, slots=True)
class SignInLink:
    name: str
    url: str


def sign_in_links(database: Database, base_url: str) -> list[SignInLink]:
    """A fresh one-time link for each person, whose account is made if need be; earlier links stop working."""
    return write(partial(_new_links, base_url=base_url), on=database)


def account_of(session: Session, person: DemoPerson) -> Account:
    return account_named(session, person.login, person.name, person.role)


def account_named(session: Session, login: str, name: str, role: InstanceRole = InstanceRole.MEMBER) -> Account:
    """The account with this sign-in name, made if need be."""
    return account_of_login(session, login) or create_account(
        session, kind=AccountKind.HUMAN, login=login, display_name=name, role=role, now=now(session)
    )


def _new_links(session: Session, *, base_url: str) -> list[SignInLink]:
    return [SignInLink(person.name, link_url(base_url, _token(session, person))) for person in PEOPLE]


def _token(session: Session, person: DemoPerson) -> str:
    return create_link(
        session,
        account_id=account_of(session, person).id,
        purpose=InvitationPurpose.SIGN_IN,
        by_id=None,
        now=now(session),
        valid_for=LINK_LIFE,
    )
