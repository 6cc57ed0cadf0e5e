"""How much there is to compute, at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.queries.people import COUNTED_STATES
from evalhub.projects.models import Project
from evalhub.review.models import Assignment
from evalhub.rubrics.models import Criterion

SMALL = 4_000
"""Ratings up to which a full report is made while somebody waits for the page."""


def is_small(session: Session, project_id: int) -> bool:
    """Whether the project has at most so many ratings; reads no more reviews than it takes to tell."""
    n_criteria = session.scalar(
        sa.select(sa.func.count())
        .select_from(Criterion)
        .join(Project, Project.rubric_version_id == Criterion.rubric_version_id)
        .where(Project.id == project_id)
    )
    most = SMALL // max(n_criteria or 1, 1)
    some = (
        sa.select(sa.literal(1))
        .where(Assignment.project_id == project_id, Assignment.state.in_(COUNTED_STATES))
        .limit(most + 1)
        .subquery()
    )
    return (session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= most


def levels_given(counts: Mapping[int, Counter[tuple[int, ...]]]) -> int:
    """How many levels count in the kept patterns of a project; values of a range are in none."""
    return sum(n * sum(pattern) for patterns in counts.values() for pattern, n in patterns.items())
