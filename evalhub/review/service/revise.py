"""Reopen a review that was submitted, or leave it as it was after all."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.audit.service import record
from evalhub.db import now
from evalhub.errors import Conflict
from evalhub.projects.models import Batch, BatchState, Project, ProjectState
from evalhub.review.models import Assignment, AssignmentState, Draft, Review, Task
from evalhub.review.queries.assignments import (
    desk_of,
    draft_of,
    given_ratings,
    lock_assignment,
    lock_task,
    voided_ratings,
)
from evalhub.review.queries.pairs import current_preference
from evalhub.review.queries.returned import return_of
from evalhub.review.schema import DraftBody
from evalhub.review.service.claim import lock_member
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.review import EvidenceBody


def check_revisable(session: Session, task: Task, assignment: Assignment) -> None:
    """Refuse where a change could rest on what others did.

    Raises:
        Conflict: not submitted, batch or project closed, decided, or others' work was shown.
    """
    if assignment.state not in (AssignmentState.SUBMITTED, AssignmentState.EXTRA):
        raise Conflict("Only a submitted review can be reopened.", code="not_submitted")
    batch = session.get_one(Batch, task.batch_id)
    project = session.get_one(Project, task.project_id)
    if batch.state is BatchState.CLOSED or project.state is ProjectState.CLOSED:
        raise Conflict("The batch is closed; its reviews cannot be changed any more.", code="batch_closed")
    if task.settled_at is not None:
        raise Conflict("This item is settled. Send a correction to the adjudicator instead.", code="settled")
    if assignment.others_shown_at is not None:
        raise Conflict(
            "You have seen what others said about this item. Send a correction to the adjudicator instead.",
            code="others_shown",
        )


def reopen_review(session: Session, *, assignment: str, reviewer_id: int, reviewer: str) -> Draft:
    """Lay the current review out as a draft; it stands until the draft is submitted.

    Raises:
        Conflict: see `check_revisable`.
    """
    desk = desk_of(session, assignment, reviewer_id)
    lock_member(session, desk.project.id, reviewer_id)
    task = lock_task(session, desk.project.id, desk.task.id)
    row = lock_assignment(session, desk.project.id, desk.task.id, reviewer_id)
    check_revisable(session, task, row)
    found = draft_of(session, row)
    if found is not None and found.revises == row.revision:
        return found
    moment = now(session)
    row.lease = secrets.token_hex(16)
    row.seen_at = moment
    draft = found or Draft(project_id=row.project_id, task_id=row.task_id, reviewer_id=reviewer_id, revision=0)
    draft.revision += 1
    draft.revises = row.revision
    draft.updated_at = moment
    draft.body = submitted_body(session, desk.assignment, desk.rubric_version.id).model_dump(
        mode="json", exclude_defaults=True
    )
    session.add(draft)
    session.flush()
    record(
        session,
        action="review.reopened",
        subject=("assignment", row.public_id),
        actor=reviewer,
        at=moment,
        chain=desk.project.public_id,
        payload={"revision": row.revision},
    )
    return draft


def leave_review(session: Session, *, assignment: str, reviewer_id: int, reviewer: str) -> None:
    """Drop the draft of a reopened review with every change in it; what was submitted stands.

    Raises:
        Conflict: the review is not reopened (`not_reopened`), or it was sent back and must be answered (`returned`).
    """
    desk = desk_of(session, assignment, reviewer_id)
    lock_member(session, desk.project.id, reviewer_id)
    lock_task(session, desk.project.id, desk.task.id)
    row = lock_assignment(session, desk.project.id, desk.task.id, reviewer_id)
    draft = draft_of(session, row)
    if draft is None or draft.revises is None or draft.revises != row.revision:
        raise Conflict("This review is not open; what you submitted stands.", code="not_reopened")
    if return_of(session, row) is not None:
        raise Conflict(
            "This review was sent back to you. Submit it again, unchanged if you stand by it.", code="returned"
        )
    session.delete(draft)
    session.flush()
    record(
        session,
        action="review.left",
        subject=("assignment", row.public_id),
        actor=reviewer,
        at=now(session),
        chain=desk.project.public_id,
        payload={"revision": row.revision},
    )


def submitted_body(session: Session, assignment: Assignment, rubric_version_id: int) -> DraftBody:
    """The current review, or one that was voided, in the shape of a draft."""
    rubric = rubric_of(session.get_one(RubricVersion, rubric_version_id))
    review = session.get_one(
        Review, (assignment.project_id, assignment.task_id, assignment.reviewer_id, assignment.revision)
    )
    if assignment.state is AssignmentState.VOIDED:
        given = voided_ratings(session, assignment)
    else:
        by_reviewer = given_ratings(session, assignment.project_id, assignment.task_id, [assignment.reviewer_id])
        given = by_reviewer.get(assignment.reviewer_id, [])
    body = DraftBody(note=review.note, confidence=review.confidence)
    for rating in given:
        criterion = rubric.criterion(rating.criterion)
        assert criterion is not None
        if rating.not_applicable:
            body.scores[rating.criterion] = None
        else:
            body.scores[rating.criterion] = rating.value if rating.level is None else criterion.levels[rating.level].key
        if rating.note:
            body.notes[rating.criterion] = rating.note
        if rating.tags:
            body.tags[rating.criterion] = list(rating.tags)
        if rating.evidence:
            body.evidence[rating.criterion] = [
                {name: getattr(quote, name) for name in EvidenceBody.model_fields} for quote in rating.evidence
            ]
    task = session.get_one(Task, (assignment.project_id, assignment.task_id))
    preference = current_preference(session, task, assignment.reviewer_id)
    if preference is not None:
        body.prefer(preference.choice, preference.reason)
    return body


def shown_others(session: Session, assignment: Assignment) -> None:
    """Note that the reviewer is about to be shown something about others' work on the task."""
    session.execute(
        sa.update(Assignment)
        .where(
            Assignment.project_id == assignment.project_id,
            Assignment.task_id == assignment.task_id,
            Assignment.reviewer_id == assignment.reviewer_id,
            Assignment.others_shown_at.is_(None),
        )
        .values(others_shown_at=now(session))
    )
