"""Which levels a reviewer gave."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from evalhub.projects.models import Member
from evalhub.review.models import Assignment, Rating
from evalhub.review.queries.workload import IS_LEARNING
from evalhub.rubrics.models import Criterion, RubricVersion


@dataclass(frozen=True, slots=True)
class OwnLevels:
    """How often one reviewer gave each level of a criterion, from the worst; `values` of a criterion with a range."""

    rubric: str
    """Title and version."""
    criterion: str
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    values: tuple[float, ...]
    not_applicable: int

    @property
    def n(self) -> int:
        return sum(self.counts) + len(self.values) + self.not_applicable


def own_levels(session: Session, reviewer_id: int, *, since: datetime) -> list[OwnLevels]:
    """Of the current reviews that were submitted since then, by rubric and in its order; three statements.

    Those of practice and qualification are left out.
    """
    rows = session.execute(
        sa.select(Rating.criterion_id, Rating.level, Rating.value, sa.func.count())
        .select_from(Assignment)
        .join(
            Rating,
            sa.and_(
                Rating.project_id == Assignment.project_id,
                Rating.task_id == Assignment.task_id,
                Rating.reviewer_id == Assignment.reviewer_id,
            ),
        )
        .where(
            Assignment.project_id.in_(sa.select(Member.project_id).where(Member.account_id == reviewer_id)),
            Assignment.reviewer_id == reviewer_id,
            Assignment.submitted_at >= since,
            ~IS_LEARNING,
        )
        .group_by(Rating.criterion_id, Rating.level, Rating.value)
    )
    given = defaultdict[int, Counter[int | float | None]](Counter)
    for criterion_id, level, value, n in rows:
        given[criterion_id][value if level is None else level] += n
    criteria = session.execute(
        sa.select(Criterion, RubricVersion.title, RubricVersion.number)
        .join(RubricVersion, RubricVersion.id == Criterion.rubric_version_id)
        .where(Criterion.id.in_(list(given)))
        .options(selectinload(Criterion.levels))
        .order_by(RubricVersion.title, RubricVersion.number, Criterion.position)
    )
    return [_levels(criterion, f"{title} v{number}", given[criterion.id]) for criterion, title, number in criteria]


def _levels(criterion: Criterion, rubric: str, given: Counter[int | float | None]) -> OwnLevels:
    not_applicable = given.pop(None, 0)
    values = [] if criterion.levels else sorted(float(value) for value in given.elements() if value is not None)
    return OwnLevels(
        rubric=rubric,
        criterion=criterion.title,
        labels=tuple(level.label for level in criterion.levels),
        counts=tuple(given[level.rank] for level in criterion.levels),
        values=tuple(values),
        not_applicable=not_applicable,
    )
