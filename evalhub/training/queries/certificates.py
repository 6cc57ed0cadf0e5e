"""Who is certified, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.errors import NotFound
from evalhub.projects.models import Member, MemberState, Project
from evalhub.projects.queries import shown_name
from evalhub.training.models import Certificate, CertificateState


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A reviewer of the project with their last certificate, if any."""

    account: Account
    name: str
    certificate: Certificate | None
    is_certified: bool
    """Valid for the version that the project uses now."""


def certificate_of(session: Session, project_id: int, account_id: int) -> Certificate | None:
    """The last certificate that the person earned, failed or was granted in the project, whatever became of it."""
    return session.scalar(
        sa.select(Certificate)
        .where(Certificate.project_id == project_id, Certificate.account_id == account_id)
        .order_by(Certificate.id.desc())
        .limit(1)
    )


def stands(certificate: Certificate | None, project: Project) -> bool:
    """Whether it certifies somebody for the version that the project uses now."""
    return (
        certificate is not None
        and certificate.state is CertificateState.VALID
        and certificate.rubric_version_id == project.rubric_version_id
    )


def waits_until(certificate: Certificate | None, project: Project, at: datetime) -> datetime | None:
    """From when on somebody who failed on the version in use may try again; None where they may now."""
    if certificate is None or certificate.rubric_version_id != project.rubric_version_id:
        return None
    return certificate.retake_at if certificate.retake_at is not None and certificate.retake_at > at else None


def certificate_named(session: Session, project_id: int, public_id: str) -> Certificate:
    """The certificate of that public id.

    Raises:
        NotFound: the project has none.
    """
    found = session.scalar(
        sa.select(Certificate).where(Certificate.project_id == project_id, Certificate.public_id == public_id)
    )
    if found is None:
        raise NotFound("The project has no such certificate.")
    return found


def certificates_of(session: Session, project_id: int, account_id: int) -> Sequence[Certificate]:
    """All certificates of the person, the last one first."""
    return session.scalars(
        sa.select(Certificate)
        .where(Certificate.project_id == project_id, Certificate.account_id == account_id)
        .order_by(Certificate.id.desc())
    ).all()


def outdated_certificates(session: Session) -> Sequence[int]:
    """Valid certificates of a version that their project no longer uses."""
    return session.scalars(
        sa.select(Certificate.id)
        .join(Project, Project.id == Certificate.project_id)
        .where(Certificate.state == CertificateState.VALID, Certificate.rubric_version_id != Project.rubric_version_id)
        .order_by(Certificate.id)
    ).all()


def people_of(session: Session, project: Project) -> list[PersonLine]:
    """The active reviewers of the project by name."""
    last = (
        sa.select(sa.func.max(Certificate.id))
        .where(Certificate.project_id == project.id, Certificate.account_id == Member.account_id)
        .correlate(Member)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(Account, Member, Certificate)
        .join(Member, Member.account_id == Account.id)
        .outerjoin(Certificate, Certificate.id == last)
        .where(Member.project_id == project.id, Member.is_reviewer, Member.state == MemberState.ACTIVE)
        .order_by(Account.display_name, Account.id)
    )
    return [
        PersonLine(
            account,
            shown_name(account.display_name, member, account.kind),
            certificate,
            stands(certificate, project),
        )
        for account, member, certificate in rows
    ]
