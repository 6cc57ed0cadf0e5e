"""Write the ratings of a review, the old ones into history."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.review.models import Assignment, Evidence, Rating, RatingHistory, RatingNote, RatingTag
from evalhub.review.queries.assignments import given_ratings
from evalhub.rubrics.models import Criterion
from evalhub.rubrics.schema.review import CheckedReview


def replace_ratings(
    session: Session, assignment: Assignment, ids: Mapping[str, int], review: CheckedReview, *, planned: bool
) -> None:
    """Make the review's ratings the current ones of an assignment whose revision has just been raised.

    Args:
        ids: of the rubric version's criteria, by key.
    """
    if assignment.revision > 1:
        move_to_history(session, assignment, revision=assignment.revision - 1)
    key = {
        "project_id": assignment.project_id,
        "task_id": assignment.task_id,
        "reviewer_id": assignment.reviewer_id,
    }
    ratings, notes, tags, quotes = [], [], [], []
    for rating in review.ratings:
        place = {**key, "criterion_id": ids[rating.criterion_key]}
        ratings.append(
            {
                **place,
                "level": rating.level_rank,
                "value": rating.value,
                "not_applicable": rating.not_applicable,
                "planned": planned,
            }
        )
        if rating.note:
            notes.append({**place, "text": rating.note})
        tags += [{**place, "tag": tag} for tag in rating.tags]
        quotes += [
            {
                **place,
                "position": position,
                "side": quote.side,
                "start": quote.start,
                "end": quote.end,
                "exact": quote.exact,
                "prefix": quote.prefix,
                "suffix": quote.suffix,
            }
            for position, quote in enumerate(rating.evidence)
        ]
    for table, rows in ((Rating, ratings), (RatingNote, notes), (RatingTag, tags), (Evidence, quotes)):
        if rows:
            session.execute(sa.insert(table), rows)


def move_to_history(session: Session, assignment: Assignment, *, revision: int) -> None:
    """Keep the current ratings as those of a revision that no longer stands."""
    place = (assignment.project_id, assignment.task_id, assignment.reviewer_id)
    given = given_ratings(session, *place[:2], [assignment.reviewer_id]).get(assignment.reviewer_id, [])
    for rating in given:
        session.add(
            RatingHistory(
                project_id=assignment.project_id,
                task_id=assignment.task_id,
                reviewer_id=assignment.reviewer_id,
                revision=revision,
                criterion_id=rating.criterion_id,
                level=rating.level,
                value=rating.value,
                not_applicable=rating.not_applicable,
                planned=rating.planned,
                note=rating.note,
                tags=list(rating.tags),
                evidence=[
                    {
                        "side": q.side,
                        "start": q.start,
                        "end": q.end,
                        "exact": q.exact,
                        "prefix": q.prefix,
                        "suffix": q.suffix,
                    }
                    for q in rating.evidence
                ],
            )
        )
    session.flush()
    for table in (Evidence, RatingTag, RatingNote, Rating):
        session.execute(
            sa.delete(table).where(
                table.project_id == assignment.project_id,
                table.task_id == assignment.task_id,
                table.reviewer_id == assignment.reviewer_id,
            )
        )


def criterion_ids(session: Session, rubric_version_id: int) -> dict[str, int]:
    """Ids of a version's criteria by key."""
    rows = session.execute(
        sa.select(Criterion.key, Criterion.id).where(Criterion.rubric_version_id == rubric_version_id)
    )
    return dict(rows.all())
