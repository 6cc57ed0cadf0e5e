"""How long the new items of an import will keep the reviewers of each project."""

from __future__ import annotations

import statistics

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.schema.uploads import Projected
from evalhub.projects.models import Project, ProjectState
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Task
from evalhub.rubrics.models import Criterion

PACE_OF = 2_000
"""How many of a project's last reviews the median rests on at most."""
WORDS_A_MINUTE = 150
SECONDS_A_CRITERION = 30


def projected_work(session: Session, dataset_id: int, n_items: int, n_words: int) -> list[Projected]:
    """What so many new items mean for each open project of a dataset (handler of `import_projected`).

    A review is taken to last as long as the median of the project's reviews did; where there is none yet, as reading
    the item takes at 150 words a minute, and 30 seconds a criterion.
    """
    projects = session.scalars(
        sa.select(Project)
        .where(Project.dataset_id == dataset_id, Project.state == ProjectState.OPEN)
        .order_by(Project.name)
    ).all()
    return [_projected(session, project, n_items, n_words) for project in projects]


def _projected(session: Session, project: Project, n_items: int, n_words: int) -> Projected:
    seconds = _last_seconds(session, project.id)
    if seconds:
        minutes = statistics.median(seconds) / 60
    else:
        minutes = _reading_minutes(session, project, n_words / max(n_items, 1))
    reviewers = project.overlap_base + project.overlap_share * (project.overlap_need - project.overlap_base)
    return Projected(
        project=project.name,
        title=project.title,
        reviewers=reviewers,
        minutes=minutes,
        reviews_behind=len(seconds),
        reviews=round(n_items * reviewers),
    )


def _reading_minutes(session: Session, project: Project, words: float) -> float:
    n_criteria = session.scalar(
        sa.select(sa.func.count()).where(Criterion.rubric_version_id == project.rubric_version_id)
    )
    return words / WORDS_A_MINUTE + (n_criteria or 0) * SECONDS_A_CRITERION / 60


def _last_seconds(session: Session, project_id: int) -> list[float]:
    return list(
        session.scalars(
            sa.select(Assignment.active_seconds)
            .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
            .where(
                Assignment.project_id == project_id,
                Assignment.state == AssignmentState.SUBMITTED,
                Assignment.active_seconds > 0,
                Task.purpose.in_(COUNTED_PURPOSES),
            )
            .order_by(Assignment.submitted_at.desc())
            .limit(PACE_OF)
        )
    )
