"""What happens to a job, from the click that enqueues it to its end; each act in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub.db import TryAgain, canonical_json, locked, new_public_id, now
from evalhub.jobs.bell import ring
from evalhub.jobs.models import UNFINISHED, Job, JobState
from evalhub.web.session import after_commit

DEAD_AFTER = timedelta(seconds=60)
"""A run that gave no sign of life for so long is dead."""

MOST_ATTEMPTS = 3


def enqueue(
    session: Session,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    project_id: int | None,
    by_id: int | None,
    key: str | None = None,
) -> Job:
    """Have work done in the background once the transaction is committed.

    Args:
        kind: a name of `wiring.JOBS`.
        arguments: small, of JSON's types; ids rather than what they stand for.
        key: what makes two jobs of this kind and project the same; by default their arguments.

    Returns:
        The new job, or the unfinished one that does the same already: a double click makes one.
    """
    same = hashlib.sha256(canonical_json([kind, project_id, key or arguments]).encode()).hexdigest()
    return _enqueue(session, Job(kind=kind, arguments=dict(arguments), project_id=project_id, key=same), by_id)


def enqueue_again(session: Session, job_id: int, *, by_id: int) -> Job:
    """Have the same done anew; returns as `enqueue` does."""
    old = session.get_one(Job, job_id)
    job = Job(kind=old.kind, arguments=old.arguments, project_id=old.project_id, key=old.key)
    return _enqueue(session, job, by_id)


def _enqueue(session: Session, job: Job, by_id: int | None) -> Job:
    job.created_by_id, job.created_at = by_id, now(session)
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError as error:
        unfinished = session.scalar(sa.select(Job).where(Job.key == job.key, Job.state.in_(UNFINISHED)))
        if unfinished is None:  # it ended between the insert and the look
            raise TryAgain from error
        return unfinished
    after_commit(session, partial(ring, job_id=job.id))
    return job


def cancel(session: Session, job_id: int) -> None:
    """End a job that is unfinished; a run notices when it next reports its progress."""
    job = _locked_job(session, job_id)
    if job.is_unfinished:
        _end(session, job, JobState.CANCELLED)


def take(session: Session, job_id: int) -> Job | None:
    """Begin a run of a queued job, under a new lease; None when it is no longer queued."""
    job = session.scalar(locked(sa.select(Job).where(Job.id == job_id, Job.state == JobState.QUEUED)))
    if job is None:
        return None
    moment = now(session)
    job.state, job.lease, job.attempts = JobState.RUNNING, new_public_id(), job.attempts + 1
    job.started_at = job.heard_at = moment
    job.done, job.total, job.stage = 0, None, ""
    session.flush()
    return job


def report(session: Session, job_id: int, lease: str, *, done: int, total: int | None, stage: str) -> None:
    """Store how far a run is, and that it lives; nothing when it has lost the job."""
    session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.lease == lease)
        .values(done=done, total=total, stage=stage, heard_at=now(session))
    )


def finish(session: Session, job_id: int, lease: str, result: Mapping[str, Any] | None) -> None:
    """Store what a run made, unless it has lost the job."""
    job = _leased(session, job_id, lease)
    if job is not None:
        _end(session, job, JobState.DONE)
        job.result = None if result is None else dict(result)
        job.done = job.done if job.total is None else job.total


def fail(session: Session, job_id: int, lease: str, message: str) -> None:
    """Store why a run could not do its work, unless it has lost the job."""
    job = _leased(session, job_id, lease)
    if job is not None:
        _end(session, job, JobState.FAILED, message)


def give_back(session: Session, job_id: int, lease: str) -> None:
    """Queue a job again whose worker was told to stop; the run does not count."""
    job = _leased(session, job_id, lease)
    if job is not None:
        job.attempts -= 1
        _queue_again(session, job)


def revive(session: Session) -> int:
    """Queue the jobs again whose worker died, or fail them when that was their last attempt.

    Returns:
        How many there were.
    """
    dead = session.scalars(
        locked(
            sa.select(Job)
            .where(Job.state == JobState.RUNNING, Job.heard_at < now(session) - DEAD_AFTER)
            .order_by(Job.id),
            skip=True,
        )
    ).all()
    for job in dead:
        if job.attempts < MOST_ATTEMPTS:
            _queue_again(session, job)
        else:
            message = f"The worker died {job.attempts} times over it; perhaps there is too little memory."
            _end(session, job, JobState.FAILED, message)
    return len(dead)


def _queue_again(session: Session, job: Job) -> None:
    job.state, job.lease, job.started_at, job.heard_at = JobState.QUEUED, None, None, None
    after_commit(session, partial(ring, job_id=job.id))


def _end(session: Session, job: Job, state: JobState, message: str | None = None) -> None:
    job.state, job.message, job.lease, job.finished_at = state, message, None, now(session)


def _leased(session: Session, job_id: int, lease: str) -> Job | None:
    return session.scalar(locked(sa.select(Job).where(Job.id == job_id, Job.lease == lease)))


def _locked_job(session: Session, job_id: int) -> Job:
    return session.scalars(locked(sa.select(Job).where(Job.id == job_id))).one()
