"""The notices of one person, read from what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Correction, CorrectionState
from evalhub.adjudication.queries.notices import reconciliations_for, resolutions_for
from evalhub.inbox.queries.notices import answered_for
from evalhub.projects.models import Member, MemberState, Project, ProjectState
from evalhub.reports.models import EVERYTHING, NoticeSeen
from evalhub.reports.schema.notices import KEPT, Notice, NoticeKind, Seen
from evalhub.review.models import Assignment
from evalhub.review.schema import item_alias
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.training.models import Certificate, CertificateState


def notices_for(session: Session, account_id: int, *, at: datetime) -> list[Notice]:
    """What is new for somebody and not put away, the last first; what asks for something stands before all."""
    seen = seen_by(session, account_id)
    since = at - KEPT
    found = [
        notice
        for source in SOURCES
        for notice in source(session, account_id, since)
        if notice not in seen and (notice.at >= since or not notice.may_be_put_away)
    ]
    return sorted(found, key=lambda notice: (notice.may_be_put_away, -notice.at.timestamp(), notice.key))


def seen_by(session: Session, account_id: int) -> Seen:
    rows = session.execute(sa.select(NoticeSeen.notice, NoticeSeen.at).where(NoticeSeen.account_id == account_id))
    stored: dict[str, datetime] = dict(rows.all())
    until = stored.pop(EVERYTHING, None)
    return Seen(frozenset(stored), until)


def _resolutions(session: Session, account_id: int, _since: datetime) -> Iterator[Notice]:
    for one in resolutions_for(session, account_id):
        yield Notice(NoticeKind.RESOLUTION, one.assignment, one.at, one.project_title, one.alias)


def _reconciliations(session: Session, account_id: int, _since: datetime) -> Iterator[Notice]:
    for one in reconciliations_for(session, account_id):
        yield Notice(NoticeKind.RECONCILE, one.assignment, one.at, one.project_title, one.alias)


def _answers(session: Session, account_id: int, _since: datetime) -> Iterator[Notice]:
    for one in answered_for(session, account_id):
        detail = "" if one.changed_in_version is None else str(one.changed_in_version)
        yield Notice(NoticeKind.ANSWER, one.entry, one.answered_at, one.rubric_title, detail)


def _corrections(session: Session, account_id: int, since: datetime) -> Iterator[Notice]:
    """Corrections of mine that were accepted or declined."""
    rows = session.execute(
        sa.select(Assignment.public_id, Correction.settled_at, Project.title, Correction.state)
        .select_from(Member)
        .join(Project, Project.id == Member.project_id)
        .join(Correction, Correction.project_id == Member.project_id)
        .join(
            Assignment,
            sa.and_(
                Assignment.project_id == Correction.project_id,
                Assignment.task_id == Correction.task_id,
                Assignment.reviewer_id == Correction.reviewer_id,
            ),
        )
        .where(
            Member.account_id == account_id,
            Member.state == MemberState.ACTIVE,
            Correction.reviewer_id == account_id,
            Correction.state != CorrectionState.OPEN,
            Correction.settled_at >= since,
        )
    )
    for assignment, at, title, state in rows:
        if at is not None:
            yield Notice(NoticeKind.CORRECTION, assignment, at, title, f"{item_alias(assignment)} {state.value}")


def _rubrics(session: Session, account_id: int, since: datetime) -> Iterator[Notice]:
    """Versions published after the one that a project of mine grades by."""
    own = sa.orm.aliased(RubricVersion)
    rows = session.execute(
        sa.select(Rubric.name, RubricVersion.published_at, RubricVersion.title, RubricVersion.number)
        .select_from(Member)
        .join(Project, Project.id == Member.project_id)
        .join(own, own.id == Project.rubric_version_id)
        .join(RubricVersion, sa.and_(RubricVersion.rubric_id == own.rubric_id, RubricVersion.number > own.number))
        .join(Rubric, Rubric.id == own.rubric_id)
        .where(
            Member.account_id == account_id,
            Member.state == MemberState.ACTIVE,
            Project.state == ProjectState.OPEN,
            RubricVersion.published_at >= since,
        )
        .distinct()
    )
    for name, at, title, number in rows:
        yield Notice(NoticeKind.RUBRIC, f"{name}/{number}", at, title, str(number))


def _own_certificates(session: Session, account_id: int, since: datetime) -> Iterator[Notice]:
    """My certificates that have lapsed without another in their place."""
    last = sa.select(sa.func.max(Certificate.id)).where(Certificate.account_id == account_id)
    rows = session.execute(
        sa.select(Project.name, Certificate.lapsed_at, Project.title, Certificate.lapsed_note)
        .join(Project, Project.id == Certificate.project_id)
        .join(Member, sa.and_(Member.project_id == Project.id, Member.account_id == Certificate.account_id))
        .where(
            Certificate.id.in_(last.group_by(Certificate.project_id)),
            Member.state == MemberState.ACTIVE,
            Certificate.state == CertificateState.LAPSED,
            Certificate.lapsed_at >= since,
        )
    )
    for name, at, title, note in rows:
        if at is not None:
            yield Notice(NoticeKind.CERTIFICATE, name, at, title, note or "")


def _managed_certificates(session: Session, account_id: int, since: datetime) -> Iterator[Notice]:
    """How many certificates of others lapsed at a moment in a project that I manage."""
    rows = session.execute(
        sa.select(Project.name, Certificate.lapsed_at, Project.title, sa.func.count())
        .join(Project, Project.id == Certificate.project_id)
        .join(Member, Member.project_id == Project.id)
        .where(
            Member.account_id == account_id,
            Member.state == MemberState.ACTIVE,
            Member.is_manager,
            Certificate.account_id != account_id,
            Certificate.state == CertificateState.LAPSED,
            Certificate.lapsed_at >= since,
        )
        .group_by(Project.name, Project.title, Certificate.lapsed_at)
    )
    for name, at, title, n in rows:
        if at is not None:
            yield Notice(NoticeKind.CERTIFICATES, name, at, title, str(n))


SOURCES = (
    _resolutions,
    _reconciliations,
    _answers,
    _corrections,
    _rubrics,
    _own_certificates,
    _managed_certificates,
)
