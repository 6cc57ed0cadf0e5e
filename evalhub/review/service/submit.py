"""Store a review: acknowledged means committed, and the next task comes in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.audit.service import record
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict, EvalhubError, Fault
from evalhub.review.models import IN_WORK, Assignment, AssignmentState, Draft, Review, Task
from evalhub.review.queries.assignments import Desk, desk_of, draft_of, lock_assignment
from evalhub.review.schema import OnlyLocked, Submitted, lowest_bit, working_seconds
from evalhub.review.service.claim import claim_after, claim_next, claim_or_keep, lock_member
from evalhub.review.service.completion import tell_when_complete
from evalhub.review.service.drafts import keep_as_draft
from evalhub.review.service.lease import Claimant
from evalhub.review.service.pairs import go_on_with_partner, keep_preference, lock_pair
from evalhub.review.service.patterns import PatternWatch
from evalhub.review.service.ratings import criterion_ids, replace_ratings
from evalhub.review.service.revise import check_revisable
from evalhub.rubrics.schema.review import CheckedReview, ReviewBody, check_review
from evalhub.web.session import write


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked review on its way into the database; ids only, because storing it may run twice."""

    project_id: int
    task_id: int
    partner_id: int | None
    reviewer_id: int
    reviewer: str
    criterion_ids: Mapping[str, int]
    n_levels: Mapping[int, int]
    """By criterion id; read beforehand, for a version never changes."""
    lease: str
    idempotency_key: str
    request_sha256: str
    review: CheckedReview
    seconds_active: float | None


def submit_review(
    database: Database,
    *,
    assignment: str,
    reviewer_id: int,
    reviewer: str,
    body: ReviewBody,
    seconds_active: float | None = None,
) -> Submitted:
    """Check a review, store it, and claim the reviewer's next task.

    Args:
        assignment: public id of the assignment.
        reviewer: public id of the reviewer, for the log.
        seconds_active: time at work since the page last told, where it knows.

    Raises:
        NotFound: the assignment is not this reviewer's.
        BadInput: the review is incomplete or does not fit; or its key came with another body (`idempotency_mismatch`).
        Conflict: `lease`, `already_submitted` or `rubric_version`; what was sent is kept as a draft.
        Forbidden: the reviewer has left the project; what was sent is kept as a draft.
    """
    with database.reading() as session:
        desk = desk_of(session, assignment, reviewer_id)
        ids = criterion_ids(session, desk.task.rubric_version_id)
    try:
        submission = _checked(desk, ids, reviewer, body, seconds_active)
        stored = write(partial(_store, submission=submission), on=database)
    except EvalhubError as error:
        if error.http_status in (403, 409):
            write(partial(keep_as_draft, assignment=assignment, reviewer_id=reviewer_id, body=body), on=database)
        raise
    if isinstance(stored.next, OnlyLocked):
        return _with_a_next_task(database, stored, desk.project.id, reviewer_id)
    return stored


def _checked(
    desk: Desk, ids: Mapping[str, int], reviewer: str, body: ReviewBody, seconds_active: float | None
) -> Submission:
    rubric = desk.rubric
    if body.rubric_version != rubric.version:
        raise Conflict(
            f"This item is graded on version {rubric.version} of the rubric, the review names {body.rubric_version}."
            " Load the page again; what you wrote is kept as a draft.",
            code="rubric_version",
        )
    item = desk.item
    texts = {
        "response": item.response,
        "prompt": item.prompt or "",
        "context": item.context or "",
        "reference": desk.reference or "",
    }
    return Submission(
        project_id=desk.task.project_id,
        task_id=desk.task.id,
        partner_id=desk.task.partner_id,
        reviewer_id=desk.assignment.reviewer_id,
        reviewer=reviewer,
        criterion_ids=ids,
        n_levels={ids[criterion.key]: len(criterion.levels) for criterion in rubric.criteria if criterion.levels},
        lease=body.lease,
        idempotency_key=body.idempotency_key,
        request_sha256=body.request_sha256,
        review=check_review(rubric, item.tags, body, texts=texts),
        seconds_active=seconds_active,
    )


def _with_a_next_task(database: Database, stored: Submitted, project_id: int, reviewer_id: int) -> Submitted:
    """Claim again in a second transaction; its failure must not turn the stored answer into an error."""
    try:
        lease = claim_next(database, project_id=project_id, reviewer_id=reviewer_id)
    except (EvalhubError, sa.exc.DBAPIError):
        return stored
    if lease is None:
        return stored
    return Submitted(stored.assignment, stored.review, stored.revision, stored.is_replay, stored.is_extra, lease)


def _store(session: Session, *, submission: Submission) -> Submitted:
    project_id, reviewer_id = submission.project_id, submission.reviewer_id
    who = lock_member(session, project_id, reviewer_id)
    replayed = _replay(session, submission, who)
    if replayed is not None:
        return replayed
    task, partner = lock_pair(session, project_id, submission.task_id, submission.partner_id)
    assignment = lock_assignment(session, project_id, task.id, reviewer_id)
    watch = PatternWatch(session, task, submission.n_levels)
    moment = now(session)
    _accept(session, task, assignment, submission, moment)
    following = go_on_with_partner(session, partner, who, moment) or claim_after(session, task, who, moment)
    review = _insert_review(session, assignment, submission, moment)
    planned = assignment.slot is not None and assignment.slot < task.need
    replace_ratings(session, assignment, submission.criterion_ids, submission.review, planned=planned)
    session.execute(sa.delete(Draft).where(*_same_assignment(Draft, assignment)))
    keep_preference(session, task, partner, who, given=submission.review.preference, at=moment)
    watch.record()
    is_extra = assignment.state is AssignmentState.EXTRA
    record(
        session,
        action="review.submitted" if review.revision == 1 else "review.revised",
        subject=("assignment", assignment.public_id),
        actor=submission.reviewer,
        at=moment,
        chain=who.project,
        payload={"revision": review.revision, "sha256": submission.request_sha256, "extra": is_extra},
    )
    _tell(session, task, assignment)
    return Submitted(assignment.public_id, review.public_id, review.revision, False, is_extra, following)


def _replay(session: Session, submission: Submission, who: Claimant) -> Submitted | None:
    """The answer given before to the same request.

    Raises:
        BadInput: the key was used with another body.
    """
    earlier = session.scalar(
        sa.select(Review).where(
            Review.project_id == submission.project_id,
            Review.reviewer_id == submission.reviewer_id,
            Review.idempotency_key == submission.idempotency_key,
        )
    )
    if earlier is None:
        return None
    if earlier.request_sha256 != submission.request_sha256 or earlier.task_id != submission.task_id:
        message = "this idempotency key was used with another review; make a new key for a new review"
        raise BadInput(
            "The idempotency key was used before.", faults=[Fault("idempotency_mismatch", message, "idempotency_key")]
        )
    assignment = session.get_one(Assignment, (submission.project_id, submission.task_id, submission.reviewer_id))
    following = claim_or_keep(session, who, now(session))
    is_extra = assignment.state is AssignmentState.EXTRA
    return Submitted(assignment.public_id, earlier.public_id, earlier.revision, True, is_extra, following)


def _accept(session: Session, task: Task, assignment: Assignment, sent: Submission, moment: datetime) -> None:
    """Move the locked assignment to the state that the submission gives it.

    Raises:
        Conflict: the lease is another's by now, or the review stands already.
    """
    state = assignment.state
    if sent.lease != assignment.lease:
        if state in (AssignmentState.SUBMITTED, AssignmentState.EXTRA):
            raise Conflict("You have submitted this review already.", code="already_submitted")
        raise _lost(task)
    if state in IN_WORK:
        assignment.state = AssignmentState.SUBMITTED
    elif state is AssignmentState.EXPIRED and not task.held:
        if task.free_slots:
            assignment.slot = lowest_bit(task.free_slots)
            task.free_slots &= ~(1 << assignment.slot)
            task.is_open = task.free_slots != 0 and not task.held
            assignment.state = AssignmentState.SUBMITTED
        else:
            assignment.state = AssignmentState.EXTRA
    elif state in (AssignmentState.SUBMITTED, AssignmentState.EXTRA):
        draft = draft_of(session, assignment)
        if draft is None or draft.revises != assignment.revision:
            raise Conflict("You have submitted this review already.", code="already_submitted")
        check_revisable(session, task, assignment)
    else:
        raise _lost(task)
    assignment.leased_until = None
    assignment.claimed_at = assignment.claimed_at or moment
    assignment.revision += 1
    assignment.submitted_at = moment
    assignment.active_seconds += working_seconds(assignment.seen_at, moment, sent.seconds_active)
    assignment.seen_at = moment
    session.flush()


def _lost(task: Task) -> Conflict:
    if task.held:
        return Conflict("This item was taken out of the queue. What you wrote is kept as a draft.", code="lease")
    return Conflict(
        "Your hold on this item has ended and another has taken its place. What you wrote is kept as a draft.",
        code="lease",
    )


def _insert_review(session: Session, assignment: Assignment, submission: Submission, moment: datetime) -> Review:
    review = Review(
        project_id=assignment.project_id,
        task_id=assignment.task_id,
        reviewer_id=assignment.reviewer_id,
        revision=assignment.revision,
        submitted_at=moment,
        active_seconds=round(assignment.active_seconds, 3),
        note=submission.review.note,
        confidence=submission.review.confidence,
        idempotency_key=submission.idempotency_key,
        request_sha256=submission.request_sha256,
    )
    session.add(review)
    session.flush()
    return review


def _tell(session: Session, task: Task, assignment: Assignment) -> None:
    """Send that a review was stored and, when no slot waits any more, that the task is complete."""
    events.review_submitted.send(
        session,
        project_id=task.project_id,
        task_id=task.id,
        reviewer_id=assignment.reviewer_id,
        revision=assignment.revision,
    )
    tell_when_complete(session, task)


def _same_assignment(table: type[Draft], assignment: Assignment) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.project_id == assignment.project_id,
        table.task_id == assignment.task_id,
        table.reviewer_id == assignment.reviewer_id,
    )
