"""What the managers of a project set for its training."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.training.models import Gold, TrainingPlan, Use
from evalhub.training.schema.rules import PlanSettings, Rule


def settings_of(session: Session, project: Project) -> PlanSettings:
    """The settings, those of a new project where nobody has set any."""
    stored = session.get(TrainingPlan, project.id)
    if stored is None:
        return PlanSettings(requires_certificate=project.requires_certificate)
    return PlanSettings(
        gold_share=stored.gold_share,
        practice_items=stored.practice_items,
        retake_hours=stored.retake_hours,
        rule=Rule.model_validate(stored.rule),
        requires_certificate=project.requires_certificate,
    )


def planting_projects(session: Session, project_ids: Collection[int]) -> set[int]:
    """Those of some projects that hide gold items among live work."""
    return set(
        session.scalars(
            sa.select(TrainingPlan.project_id).where(
                TrainingPlan.project_id.in_(project_ids), TrainingPlan.gold_share > 0
            )
        )
    )


def training_projects(session: Session, project_ids: Collection[int]) -> set[int]:
    """Those of some projects that have items to practise on or to qualify with, by the version that they use."""
    return set(
        session.scalars(
            sa.select(Gold.project_id)
            .join(Project, Project.id == Gold.project_id)
            .where(
                Gold.project_id.in_(project_ids),
                Gold.use.in_([Use.PRACTICE, Use.QUALIFICATION]),
                Gold.retired_at.is_(None),
                Gold.rubric_version_id == Project.rubric_version_id,
            )
            .distinct()
        )
    )
