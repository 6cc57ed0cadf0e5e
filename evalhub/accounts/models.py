"""People and other graders, and how they prove who they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, canonical_json, enum_type, new_public_id
from evalhub.web.principal import Scope


class AccountKind(StrEnum):
    HUMAN = "human"
    MODEL = "model"
    IMPORTED = "imported"


class InstanceRole(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"


class InvitationPurpose(StrEnum):
    INVITE = "invite"
    RESET = "reset"
    SIGN_IN = "sign_in"


class Account(Base):
    """Somebody or something whose ratings are stored; only humans can sign in.

    An imported account stands for a reviewer of past ratings and belongs to one project, whose `member` row names its
    source; it has no login.
    """

    __tablename__ = "account"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'human') = (login IS NOT NULL)", name="only_humans_have_a_login"),
        sa.CheckConstraint("kind = 'human' OR password_hash IS NULL", name="only_humans_have_a_password"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    kind: Mapped[AccountKind] = mapped_column(enum_type(AccountKind, "kind"), default=AccountKind.HUMAN)
    login: Mapped[str | None] = mapped_column(sa.String(100), unique=True)
    """Lower-cased name or address that the person signs in with."""
    display_name: Mapped[str] = mapped_column(sa.String(200))
    password_hash: Mapped[str | None] = mapped_column(sa.Text)
    role: Mapped[InstanceRole] = mapped_column(enum_type(InstanceRole, "role"), default=InstanceRole.MEMBER)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    """When the person last asked for a page; noted every five minutes at most, as their session's last use is."""

    @property
    def is_admin(self) -> bool:
        return self.role is InstanceRole.ADMIN


class SignInSession(Base):
    __tablename__ = "session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(Base):
    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(CanonicalJson, server_default=canonical_json(sorted(Scope)))
    """What it may do, of what its account may; in order."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Invitation(Base):
    """A single-use link: to set the first password, to set a new one, or to sign in once."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[InvitationPurpose] = mapped_column(enum_type(InvitationPurpose, "purpose"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Profile(Base):
    """What a reviewer knows: an item that asks for a skill goes to those whose domains include it."""

    __tablename__ = "profile"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    domains: Mapped[list[str]] = mapped_column(CanonicalJson)
    languages: Mapped[list[str]] = mapped_column(CanonicalJson)


class StoredSettings(Base):
    """How somebody likes to read and type, where they have changed anything: a `PersonalSettings` of the schema."""

    __tablename__ = "personal_settings"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)


class SignInLimit(Base):
    """How often signing in failed, for one name or from one address; the key is a hash, so that a name is not kept."""

    __tablename__ = "sign_in_limit"
    __table_args__ = (sa.CheckConstraint("n >= 0", name="n"),)

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    n: Mapped[int]
    """Tries that are not forgotten yet; one that is being checked counts until it has succeeded."""
    since: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
