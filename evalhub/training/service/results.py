"""End attempts whose outcome is fixed, and certificates of those who drift."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import locked, now
from evalhub.projects.models import Member, Project
from evalhub.review.models import Assignment, AssignmentState, Draft, Task
from evalhub.review.service.panels import close_panel
from evalhub.stats.qualification import points
from evalhub.training.models import Attempt, Certificate, CertificateState, LapseReason, Use
from evalhub.training.queries.attempts import TrialLine, is_over, tally, trials_of, verdict
from evalhub.training.queries.hits import gold_results
from evalhub.training.schema.judging import Closeness
from evalhub.training.schema.rules import StatedRule
from evalhub.training.service.certificates import issue, lapse


def settle(session: Session, attempt_id: int) -> bool:
    """End a practice that is done, or a qualification whose outcome is fixed, and issue its certificate.

    Returns:
        Whether the attempt is ended now that was not.
    """
    attempt = _locked_attempt(session, attempt_id)
    if attempt.ended_at is not None:
        return False
    done = trials_of(session, attempt)
    score = tally(done)
    if not is_over(attempt, score):
        return False
    _end(session, attempt)
    if attempt.use is Use.QUALIFICATION:
        attempt.passed = verdict(attempt, score)
        session.flush()
        issue(session, attempt, score, hits_by_criterion(done), at=now(session))
    return True


def end_without_result(session: Session, attempt_id: int) -> None:
    """End an attempt on a version that the project no longer uses."""
    attempt = _locked_attempt(session, attempt_id)
    if attempt.ended_at is None:
        _end(session, attempt)


def hits_by_criterion(done: Sequence[TrialLine]) -> dict[str, list[int]]:
    """Exact answers and answers, by criterion key."""
    hits: dict[str, list[int]] = {}
    for trial in done:
        for key, close in trial.judged.closeness.items() if trial.judged else ():
            counts = hits.setdefault(key, [0, 0])
            counts[0] += close is Closeness.EXACT
            counts[1] += 1
    return hits


def watch_drift(session: Session, project_id: int, account_id: int) -> bool:
    """Lapse the certificate of somebody whose gold items since its issue have raised the alarm.

    Returns:
        Whether it lapsed.
    """
    _lock(session, project_id, account_id)
    certificate = session.scalar(
        sa.select(Certificate).where(
            Certificate.project_id == project_id,
            Certificate.account_id == account_id,
            Certificate.state == CertificateState.VALID,
        )
    )
    if certificate is None:
        return False
    rule = StatedRule.model_validate(certificate.rule)
    results = gold_results(session, certificate)
    after = points(results, rule.drift_add)
    if not any(standing >= rule.drift_limit for standing in after):
        return False
    wrong = results.count(False)
    note = f"{wrong} of {len(results)} gold items since the certificate was issued were not right."
    lapse(session, certificate, LapseReason.DRIFT, note, at=now(session))
    return True


def _locked_attempt(session: Session, attempt_id: int) -> Attempt:
    """The attempt under the locks of its project and of its person's membership."""
    found = session.get_one(Attempt, attempt_id)
    _lock(session, found.project_id, found.account_id)
    return session.get_one(Attempt, attempt_id, populate_existing=True)


def _lock(session: Session, project_id: int, account_id: int) -> None:
    """Lock the project, and the membership before any task: in the order that a submission takes them."""
    session.scalars(locked(sa.select(Project.id).where(Project.id == project_id))).one()
    own = sa.select(Member.account_id).where(Member.project_id == project_id, Member.account_id == account_id)
    session.scalars(locked(own)).one()


def _end(session: Session, attempt: Attempt) -> None:
    """Close the attempt's queue; what was handed out ahead and nobody wrote on was never met."""
    attempt.ended_at = now(session)
    assert attempt.batch_id is not None
    close_panel(session, attempt.batch_id)
    unread = sa.exists().where(
        Draft.project_id == Assignment.project_id,
        Draft.task_id == Assignment.task_id,
        Draft.reviewer_id == Assignment.reviewer_id,
    )
    tasks = sa.select(Task.id).where(Task.project_id == attempt.project_id, Task.batch_id == attempt.batch_id)
    session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id == attempt.project_id,
            Assignment.task_id.in_(tasks),
            Assignment.state == AssignmentState.EXPIRED,
            ~unread,
        )
        .values(state=AssignmentState.EXCLUDED)
        .execution_options(synchronize_session=False)
    )
    session.flush()
