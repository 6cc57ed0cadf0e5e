"""The criteria of a rubric as rows of the database, and what they mean."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.schema.flags import Question
from evalhub.projects.models import Project
from evalhub.rubrics.models import Criterion as CriterionRow
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.schema import rubric_from_canonical
from evalhub.rubrics.schema.models import Criterion


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion of the project's rubric, and every row that asks the same question.

    `version_of` gives the number of the rubric version by the id of its criterion: all versions of the rubric in which
    key and fingerprint are the same.
    """

    id: int
    criterion: Criterion
    version_of: Mapping[int, int]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(self.version_of)

    @property
    def question(self) -> Question:
        return Question.of(self.criterion)

    def versions(self, in_use: Container[int]) -> tuple[int, ...]:
        """The numbers of the versions pooled: the project's own, and those whose criterion ids are in use."""
        return tuple(sorted({n for id_, n in self.version_of.items() if id_ == self.id or id_ in in_use}))


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
    """The criteria of the project's current rubric version, in the rubric's order; reads no task."""
    current = session.execute(
        sa.select(RubricVersion.id, RubricVersion.rubric_id, RubricVersion.canonical)
        .join(Project, Project.rubric_version_id == RubricVersion.id)
        .where(Project.id == project_id)
    ).one()
    rows = session.execute(
        sa.select(
            CriterionRow.id,
            CriterionRow.rubric_version_id,
            CriterionRow.key,
            CriterionRow.fingerprint,
            CriterionRow.position,
            RubricVersion.number,
        )
        .join(RubricVersion, RubricVersion.id == CriterionRow.rubric_version_id)
        .where(RubricVersion.rubric_id == current.rubric_id)
        .order_by(CriterionRow.id)
    ).all()
    same: dict[tuple[str, str], dict[int, int]] = {}
    for row in rows:
        same.setdefault((row.key, row.fingerprint), {})[row.id] = row.number
    own = sorted((row for row in rows if row.rubric_version_id == current.id), key=lambda row: row.position)
    criteria = rubric_from_canonical(current.canonical).criteria
    return [
        Asked(row.id, criterion, same[row.key, row.fingerprint]) for row, criterion in zip(own, criteria, strict=True)
    ]
