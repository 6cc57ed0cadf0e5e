"""Issue, grant and end certificates; each change decides at once who is handed work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import locked, now
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.projects.models import Member, Project
from evalhub.projects.queries import membership
from evalhub.review.service.panels import close_panel
from evalhub.review.service.tasks import refresh_eligibility
from evalhub.training.models import Attempt, Certificate, CertificateState, LapseReason, Use
from evalhub.training.queries.attempts import Tally, open_attempt
from evalhub.training.queries.certificates import certificate_of, stands
from evalhub.training.queries.settings import settings_of
from evalhub.training.schema.rules import StatedRule
from evalhub.training.service.recording import record_training

LONGEST_REASON = 500


def issue(
    session: Session, attempt: Attempt, score: Tally, by_criterion: Mapping[str, list[int]], *, at: datetime
) -> Certificate:
    """Record the result of a qualification whose outcome is fixed; the project is locked."""
    project = session.get_one(Project, attempt.project_id)
    wait = timedelta(hours=settings_of(session, project).retake_hours)
    certificate = Certificate(
        project_id=attempt.project_id,
        account_id=attempt.account_id,
        rubric_version_id=attempt.rubric_version_id,
        attempt_id=attempt.id,
        state=CertificateState.VALID if attempt.passed else CertificateState.FAILED,
        issued_at=at,
        rule=attempt.rule,
        n=score.done,
        right=score.right,
        by_criterion=dict(by_criterion),
        retake_at=None if attempt.passed else at + wait,
    )
    if attempt.passed:
        _make_room(session, certificate, at=at)
    session.add(certificate)
    session.flush()
    _certify(session, certificate)
    payload = {"n": certificate.n, "right": certificate.right, "passed": attempt.passed}
    _record(session, certificate, "certificate.issued", by=None, at=at, payload=payload)
    return certificate


def grant_certificate(
    session: Session, project_id: int, account_id: int, *, reason: str, by: Account | None, at: datetime
) -> Certificate:
    """Certify a reviewer without a qualification, for the version that the project uses; one under way ends without a
    result, which could otherwise take back what the manager decided.

    Raises:
        BadInput: without a reason.
        Conflict: they are certified already.
        NotFound: the account is no active reviewer of the project.
    """
    project = _locked_project(session, project_id)
    _check_reason(reason)
    member = membership(session, project_id, account_id)
    if member is None or not member.is_reviewer:
        raise NotFound("This account is no reviewer of the project.")
    if stands(certificate_of(session, project_id, account_id), project):
        raise Conflict("They hold a certificate for this version already.", code="certified")
    _end_qualification(session, project_id, account_id)
    certificate = Certificate(
        project_id=project_id,
        account_id=account_id,
        rubric_version_id=project.rubric_version_id,
        state=CertificateState.VALID,
        issued_at=at,
        rule=StatedRule.of(settings_of(session, project).rule).model_dump(mode="json"),
        n=0,
        right=0,
        by_criterion={},
        granted_by_id=by.id if by else None,
        granted_reason=reason.strip(),
    )
    _make_room(session, certificate, at=at)
    session.add(certificate)
    session.flush()
    _certify(session, certificate)
    _record(session, certificate, "certificate.granted", by=by, at=at, payload={"reason_given": True})
    return certificate


def withdraw_certificate(
    session: Session, project_id: int, account_id: int, *, reason: str, by: Account | None, at: datetime
) -> None:
    """End the valid certificate of a reviewer by hand.

    Raises:
        BadInput: without a reason.
        Conflict: they hold none.
    """
    _locked_project(session, project_id)
    _check_reason(reason)
    certificate = certificate_of(session, project_id, account_id)
    if certificate is None or certificate.state is not CertificateState.VALID:
        raise Conflict("They hold no valid certificate.", code="not_certified")
    lapse(session, certificate, LapseReason.WITHDRAWN, reason.strip(), by=by, at=at)


def waive_wait(
    session: Session, project_id: int, account_id: int, *, reason: str, by: Account | None, at: datetime
) -> None:
    """Let somebody who failed try again at once.

    Raises:
        BadInput: without a reason.
        Conflict: they are not waiting.
    """
    _locked_project(session, project_id)
    _check_reason(reason)
    certificate = certificate_of(session, project_id, account_id)
    if certificate is None or certificate.retake_at is None or certificate.retake_at <= at:
        raise Conflict("They need not wait for anything.", code="not_waiting")
    certificate.retake_at = at
    session.flush()
    _record(session, certificate, "certificate.wait_waived", by=by, at=at, payload={"reason_given": True})


def lapse(
    session: Session,
    certificate: Certificate,
    reason: LapseReason,
    note: str,
    *,
    by: Account | None = None,
    at: datetime,
) -> None:
    """End a valid certificate, and with it the handing out of work that requires one; the project is locked.

    A lease that the person holds may still be finished.
    """
    certificate.state = CertificateState.LAPSED
    certificate.lapsed_at, certificate.lapsed_reason, certificate.lapsed_note = at, reason, note
    session.flush()
    _certify(session, certificate)
    _record(session, certificate, "certificate.lapsed", by=by, at=at, payload={"reason": reason.value})


def lapse_outdated(session: Session, certificate_id: int) -> None:
    """Lapse a valid certificate of a version that the project no longer uses."""
    found = session.get_one(Certificate, certificate_id)
    project = _locked_project(session, found.project_id)
    certificate = session.get_one(Certificate, certificate_id, populate_existing=True)
    is_valid = certificate.state is CertificateState.VALID
    if is_valid and certificate.rubric_version_id != project.rubric_version_id:
        note = "The project now uses another version of the rubric."
        lapse(session, certificate, LapseReason.NEW_VERSION, note, at=now(session))


def _end_qualification(session: Session, project_id: int, account_id: int) -> None:
    under_way = open_attempt(session, project_id, account_id, Use.QUALIFICATION)
    if under_way is None or under_way.batch_id is None:
        return
    own = sa.select(Member.account_id).where(Member.project_id == project_id, Member.account_id == account_id)
    session.scalars(locked(own)).one()
    under_way.ended_at = now(session)
    close_panel(session, under_way.batch_id)


def _make_room(session: Session, certificate: Certificate, *, at: datetime) -> None:
    """Lapse the valid certificate that another takes the place of: one of an earlier version, whatever came after."""
    earlier = session.scalar(
        sa.select(Certificate).where(
            Certificate.project_id == certificate.project_id,
            Certificate.account_id == certificate.account_id,
            Certificate.state == CertificateState.VALID,
        )
    )
    if earlier is not None:
        lapse(session, earlier, LapseReason.NEW_VERSION, "Another certificate has taken its place.", at=at)


def _certify(session: Session, certificate: Certificate) -> None:
    """Tell the membership, which decides about the handing out of work."""
    is_valid = certificate.state is CertificateState.VALID
    session.execute(
        sa.update(Member)
        .where(Member.project_id == certificate.project_id, Member.account_id == certificate.account_id)
        .values(certified_for_id=certificate.rubric_version_id if is_valid else None)
    )
    if session.get_one(Project, certificate.project_id).requires_certificate:
        refresh_eligibility(session, certificate.project_id)


def _check_reason(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        wanted = f"say why, in at most {LONGEST_REASON} characters"
        raise BadInput("A reason is needed.", faults=[Fault("schema", wanted, "reason")])


def _locked_project(session: Session, project_id: int) -> Project:
    this = locked(sa.select(Project).where(Project.id == project_id)).execution_options(populate_existing=True)
    return session.scalars(this).one()


def _record(
    session: Session,
    certificate: Certificate,
    action: str,
    *,
    by: Account | None,
    at: datetime,
    payload: dict[str, Any],
) -> None:
    account = session.get_one(Account, certificate.account_id)
    subject = ("account", account.public_id)
    record_training(session, certificate.project_id, action, subject=subject, by=by, at=at, payload=payload)
