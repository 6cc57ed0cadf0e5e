"""What the versions of a rubric are used for, for those who change it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.review.models import Rating
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.rubrics.queries import VersionUse


def rubric_uses(session: Session, *, rubric_id: int) -> list[VersionUse]:
    """The projects on the rubric, each with the versions that it uses or has current scores of."""
    projects = {
        project.id: project
        for project in session.scalars(
            sa.select(Project)
            .join(RubricVersion, RubricVersion.id == Project.rubric_version_id)
            .where(RubricVersion.rubric_id == rubric_id)
        )
    }
    numbers = dict(
        session.execute(
            sa.select(RubricVersion.id, RubricVersion.number).where(RubricVersion.rubric_id == rubric_id)
        ).all()
    )
    scores = _scores(session, list(projects), list(numbers))
    pairs = scores.keys() | {(project.id, project.rubric_version_id) for project in projects.values()}
    return [
        VersionUse(
            number=numbers[version_id],
            project=projects[project_id].name,
            title=projects[project_id].title,
            is_current=projects[project_id].rubric_version_id == version_id,
            scores=scores.get((project_id, version_id), 0),
        )
        for project_id, version_id in pairs
    ]


def _scores(session: Session, projects: list[int], versions: list[int]) -> dict[tuple[int, int], int]:
    """Current ratings by project and version; the two lists lead the count along the table's key."""
    rows = session.execute(
        sa.select(Rating.project_id, Criterion.rubric_version_id, sa.func.count())
        .join(Criterion, Criterion.id == Rating.criterion_id)
        .where(Rating.project_id.in_(projects), Criterion.rubric_version_id.in_(versions))
        .group_by(Rating.project_id, Criterion.rubric_version_id)
    )
    return {(project_id, version_id): n for project_id, version_id, n in rows}
