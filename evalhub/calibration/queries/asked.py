"""The criteria of a rubric as rows of the database, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from evalhub.calibration.schema.flags import Question
from evalhub.projects.models import Project
from evalhub.review.models import Task
from evalhub.rubrics.models import Criterion as CriterionRow
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import rubric_from_canonical
from evalhub.rubrics.schema.models import Criterion


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion of the project's rubric, and every row that asks the same question.

    `ids` holds also the criteria of other versions in use whose key and fingerprint are the same.
    """

    id: int
    ids: tuple[int, ...]
    criterion: Criterion

    @property
    def question(self) -> Question:
        return Question.of(self.criterion)


def meanings(session: Session, rubric_version_ids: Iterable[int]) -> dict[int, Criterion]:
    """What the criteria of some rubric versions mean, by id, in the rubrics' order.

    Without entities, because every completed task asks for it; the rubric itself is parsed once a process.
    """
    versions = list(rubric_version_ids)
    canonical = {
        row.id: row.canonical
        for row in session.execute(
            sa.select(RubricVersion.id, RubricVersion.canonical).where(RubricVersion.id.in_(versions))
        )
    }
    rows = session.execute(
        sa.select(CriterionRow.id, CriterionRow.rubric_version_id, CriterionRow.position)
        .where(CriterionRow.rubric_version_id.in_(versions))
        .order_by(CriterionRow.rubric_version_id, CriterionRow.position)
    ).all()
    criteria = {
        (version_id, criterion.position): criterion
        for version_id, text in canonical.items()
        for criterion in rubric_from_canonical(text).criteria
    }
    return {row.id: criteria[row.rubric_version_id, row.position] for row in rows}


def criteria_of(session: Session, project_id: int) -> list[Asked]:
    """The criteria of the project's current rubric version, in the rubric's order."""
    project = session.get_one(Project, project_id)
    used = sa.select(Task.rubric_version_id).where(Task.project_id == project_id).distinct()
    versions = session.scalars(
        sa.select(RubricVersion)
        .where(sa.or_(RubricVersion.id == project.rubric_version_id, RubricVersion.id.in_(used)))
        .options(selectinload(RubricVersion.criteria))
    ).all()
    current = next(version for version in versions if version.id == project.rubric_version_id)
    same: dict[tuple[str, str], list[int]] = {}
    for version in versions:
        for row in version.criteria:
            same.setdefault((row.key, row.fingerprint), []).append(row.id)
    by_key = {criterion.key: criterion for criterion in rubric_of(current).criteria}
    return [Asked(row.id, tuple(sorted(same[row.key, row.fingerprint])), by_key[row.key]) for row in current.criteria]
