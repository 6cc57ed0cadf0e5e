"""Who held an item, what they answered when, its cases, and all that happened to it in order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.schema import answer_words
from evalhub.calibration.queries import meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.datasets.models import Item
from evalhub.projects.models import Batch, Project
from evalhub.reports.queries.history_cases import cases_of
from evalhub.reports.queries.shown_people import ShownPeople
from evalhub.reports.queries.timeline import timeline_of
from evalhub.reports.schema.explanation import (
    GivenAnswer,
    Happening,
    ReviewExplained,
    RevisionExplained,
    TaskExplained,
)
from evalhub.review.models import (
    Assignment,
    AssignmentState,
    Draft,
    Purpose,
    RatingHistory,
    ReturnedReview,
    Review,
    Task,
)
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.rubrics.schema import Criterion

Place = tuple[int, int]
"""Task and reviewer."""


def tasks_of(session: Session, project: Project, item: Item, *purposes: Purpose) -> list[Task]:
    """The tasks of the item in the project for these purposes, of each of its revisions, the oldest first."""
    revisions = sa.select(Item.id).where(Item.dataset_id == item.dataset_id, Item.external_id == item.external_id)
    found = sa.select(Task).where(
        Task.project_id == project.id, Task.item_id.in_(revisions), Task.purpose.in_(purposes)
    )
    return list(session.scalars(found.order_by(Task.id)))


def history_of(
    session: Session, project: Project, item: Item, tasks: Sequence[Task], people: ShownPeople
) -> tuple[list[TaskExplained], list[Happening]]:
    """The tasks with all that became of them, and the timeline."""
    ids = [task.id for task in tasks]
    rows = session.scalars(
        sa.select(Assignment)
        .where(Assignment.project_id == project.id, Assignment.task_id.in_(ids))
        .where(Assignment.state != AssignmentState.EXCLUDED)
        .order_by(Assignment.claimed_at, Assignment.submitted_at, Assignment.reviewer_id)
    ).all()
    people.learn(row.reviewer_id for row in rows)
    criteria = meanings(session, {task.rubric_version_id for task in tasks})
    revisions = _revisions(session, project.id, ids, criteria)
    drafts = _drafts(session, project.id, ids)
    cases = cases_of(session, project.id, ids, criteria, people)
    heads = _heads(session, tasks)
    by_task = defaultdict[int, list[Assignment]](list)
    for row in rows:
        by_task[row.task_id].append(row)
    shown = [
        TaskExplained(
            task=task.public_id,
            purpose=task.purpose.value,
            batch=heads[task.id].batch,
            rubric=heads[task.id].rubric,
            rubric_version=heads[task.id].number,
            item_revision=heads[task.id].revision,
            need=task.need,
            slots=task.slots,
            held_reason=task.held_reason or ("taken out" if task.held else ""),
            settled_at=task.settled_at,
            reviews=[_review(row, task, people, revisions, drafts) for row in by_task[task.id]],
            case=cases.get(task.id),
        )
        for task in tasks
    ]
    return shown, timeline_of(session, project, item, tasks=tasks, assignments=rows, people=people)


def _heads(session: Session, tasks: Sequence[Task]) -> dict[int, sa.Row[int, str, str, int, int]]:
    """Batch, rubric, its version and the item's revision of each task."""
    rows = session.execute(
        sa.select(
            Task.id,
            Batch.name.label("batch"),
            Rubric.name.label("rubric"),
            RubricVersion.number.label("number"),
            Item.revision.label("revision"),
        )
        .join(Batch, Batch.id == Task.batch_id)
        .join(RubricVersion, RubricVersion.id == Task.rubric_version_id)
        .join(Rubric, Rubric.id == RubricVersion.rubric_id)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id.in_({task.project_id for task in tasks}), Task.id.in_([task.id for task in tasks]))
    )
    return {row[0]: row for row in rows}


def _review(
    row: Assignment,
    task: Task,
    people: ShownPeople,
    revisions: dict[Place, list[RevisionExplained]],
    drafts: set[Place],
) -> ReviewExplained:
    place = (row.task_id, row.reviewer_id)
    return ReviewExplained(
        assignment=row.public_id,
        who=people.name(row.reviewer_id),
        state=row.state.value,
        is_planned=row.slot is not None and row.slot < task.need,
        claimed_at=row.claimed_at,
        leased_until=row.leased_until,
        submitted_at=row.submitted_at,
        active_seconds=row.active_seconds,
        has_draft=place in drafts,
        skip_reason=(row.skip_reason or "").replace("_", " "),
        skip_note=row.skip_note or "",
        revisions=revisions.get(place, []),
    )


def _drafts(session: Session, project_id: int, task_ids: Sequence[int]) -> set[Place]:
    rows = session.execute(
        sa.select(Draft.task_id, Draft.reviewer_id).where(Draft.project_id == project_id, Draft.task_id.in_(task_ids))
    )
    return {(row[0], row[1]) for row in rows}


def _revisions(
    session: Session, project_id: int, task_ids: Sequence[int], criteria: dict[int, Criterion]
) -> dict[Place, list[RevisionExplained]]:
    """Every revision of every review, the first first."""
    earlier = defaultdict[tuple[int, int, int], list[GivenAnswer]](list)
    for row in session.scalars(
        sa.select(RatingHistory)
        .where(RatingHistory.project_id == project_id, RatingHistory.task_id.in_(task_ids))
        .order_by(RatingHistory.criterion_id)
    ):
        earlier[row.task_id, row.reviewer_id, row.revision].append(_earlier(row, criteria[row.criterion_id]))
    found = defaultdict[Place, list[RevisionExplained]](list)
    rows = session.execute(
        sa.select(Review, ReturnedReview)
        .outerjoin(
            ReturnedReview,
            sa.and_(
                ReturnedReview.project_id == Review.project_id,
                ReturnedReview.task_id == Review.task_id,
                ReturnedReview.reviewer_id == Review.reviewer_id,
                ReturnedReview.revision == Review.revision,
            ),
        )
        .where(Review.project_id == project_id, Review.task_id.in_(task_ids))
        .order_by(Review.revision)
    )
    for review, returned in rows:
        found[review.task_id, review.reviewer_id].append(
            RevisionExplained(
                revision=review.revision,
                submitted_at=review.submitted_at,
                active_seconds=review.active_seconds,
                note=review.note,
                confidence=review.confidence,
                answers=earlier[review.task_id, review.reviewer_id, review.revision],
                voided_at=review.voided_at,
                void_reason=review.void_reason or "",
                returned_at=returned.returned_at if returned else None,
                return_reason=returned.reason if returned else "",
            )
        )
    return found


def _earlier(row: RatingHistory, criterion: Criterion) -> GivenAnswer:
    labels = {tag.key: tag.label for tag in criterion.failure_tags}
    return GivenAnswer(
        title=criterion.title,
        answer=answer_words(criterion, Answer(row.level, row.value)),
        note=row.note,
        tags=[labels.get(tag, tag) for tag in row.tags],
    )
