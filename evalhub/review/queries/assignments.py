"""One reviewer's assignment with all that the review page and a submission need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.db import locked
from evalhub.errors import NotFound
from evalhub.projects.models import Batch, Project
from evalhub.projects.queries import rules_of
from evalhub.review.models import (
    Assignment,
    AssignmentState,
    Draft,
    Evidence,
    Rating,
    RatingHistory,
    RatingNote,
    RatingTag,
    Task,
)
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Rubric


@dataclass(frozen=True, slots=True)
class Desk:
    """An assignment and everything on the reviewer's desk with it."""

    assignment: Assignment
    task: Task
    item: Item
    project: Project
    batch: Batch
    rubric_version: RubricVersion

    @property
    def rubric(self) -> Rubric:
        """What the task asks: the whole version, or some of its criteria."""
        return rubric_of(self.rubric_version).only(self.task.criteria)

    @property
    def reference(self) -> str | None:
        """The item's reference answer, where its reviewers read it while they grade."""
        return self.item.reference if rules_of(self.project).show_reference else None


@dataclass(frozen=True, slots=True)
class GivenRating:
    """A current rating with its note, tags and quotes."""

    criterion: str
    criterion_id: int
    level: int | None
    value: float | None
    not_applicable: bool
    planned: bool
    note: str
    tags: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def desk_of(session: Session, public_id: str, reviewer_id: int) -> Desk:
    """The assignment of that id, if it is this reviewer's.

    Raises:
        NotFound: missing, or somebody else's.
    """
    row = session.execute(
        sa.select(Assignment, Task, Item, Project, Batch, RubricVersion)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Project, Project.id == Assignment.project_id)
        .join(Batch, Batch.id == Task.batch_id)
        .join(RubricVersion, RubricVersion.id == Task.rubric_version_id)
        .where(
            Assignment.public_id == public_id,
            Assignment.reviewer_id == reviewer_id,
            Assignment.state.not_in([AssignmentState.EXCLUDED, AssignmentState.IMPORTED, AssignmentState.MODEL]),
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return Desk(*row)


def newest_version(session: Session, version: RubricVersion) -> int:
    """Number of the newest published version of the same rubric."""
    newest = sa.select(sa.func.max(RubricVersion.number)).where(RubricVersion.rubric_id == version.rubric_id)
    return session.scalar(newest) or version.number


def lock_task(session: Session, project_id: int, task_id: int) -> Task:
    return session.scalars(
        locked(sa.select(Task).where(Task.project_id == project_id, Task.id == task_id)).execution_options(
            populate_existing=True
        )
    ).one()


def lock_assignment(session: Session, project_id: int, task_id: int, reviewer_id: int) -> Assignment:
    return session.scalars(
        locked(
            sa.select(Assignment).where(
                Assignment.project_id == project_id,
                Assignment.task_id == task_id,
                Assignment.reviewer_id == reviewer_id,
            )
        ).execution_options(populate_existing=True)
    ).one()


def draft_of(session: Session, assignment: Assignment) -> Draft | None:
    return session.get(Draft, (assignment.project_id, assignment.task_id, assignment.reviewer_id))


def given_ratings(
    session: Session, project_id: int, task_id: int, reviewer_ids: Iterable[int]
) -> dict[int, list[GivenRating]]:
    """The current ratings of some reviewers on a task, by reviewer, in the rubric's order: four statements."""
    of_these = list(reviewer_ids)

    def on_task(table: type[Rating | RatingNote | RatingTag | Evidence]) -> sa.ColumnElement[bool]:
        return sa.and_(table.project_id == project_id, table.task_id == task_id, table.reviewer_id.in_(of_these))

    notes = {
        (n.reviewer_id, n.criterion_id): n.text
        for n in session.scalars(sa.select(RatingNote).where(on_task(RatingNote)))
    }
    tags: dict[tuple[int, int], list[str]] = {}
    for tag in session.scalars(sa.select(RatingTag).where(on_task(RatingTag)).order_by(RatingTag.tag)):
        tags.setdefault((tag.reviewer_id, tag.criterion_id), []).append(tag.tag)
    quotes: dict[tuple[int, int], list[Evidence]] = {}
    for quote in session.scalars(sa.select(Evidence).where(on_task(Evidence)).order_by(Evidence.position)):
        quotes.setdefault((quote.reviewer_id, quote.criterion_id), []).append(quote)
    found: dict[int, list[GivenRating]] = {}
    rows = session.execute(
        sa.select(Rating, Criterion.key)
        .join(Criterion, Criterion.id == Rating.criterion_id)
        .where(on_task(Rating))
        .order_by(Rating.reviewer_id, Criterion.position)
    )
    for rating, key in rows:
        place = (rating.reviewer_id, rating.criterion_id)
        found.setdefault(rating.reviewer_id, []).append(
            GivenRating(
                criterion=key,
                criterion_id=rating.criterion_id,
                level=rating.level,
                value=rating.value,
                not_applicable=rating.not_applicable,
                planned=rating.planned,
                note=notes.get(place, ""),
                tags=tuple(tags.get(place, ())),
                evidence=tuple(quotes.get(place, ())),
            )
        )
    return found


def voided_ratings(session: Session, assignment: Assignment) -> list[GivenRating]:
    """What the last revision of a voided review gave, in the rubric's order."""
    rows = session.execute(
        sa.select(RatingHistory, Criterion.key)
        .join(Criterion, Criterion.id == RatingHistory.criterion_id)
        .where(
            RatingHistory.project_id == assignment.project_id,
            RatingHistory.task_id == assignment.task_id,
            RatingHistory.reviewer_id == assignment.reviewer_id,
            RatingHistory.revision == assignment.revision,
        )
        .order_by(Criterion.position)
    )
    return [
        GivenRating(
            criterion=key,
            criterion_id=rating.criterion_id,
            level=rating.level,
            value=rating.value,
            not_applicable=rating.not_applicable,
            planned=rating.planned,
            note=rating.note,
            tags=tuple(rating.tags),
            evidence=tuple(Evidence(**quote) for quote in rating.evidence),
        )
        for rating, key in rows
    ]
