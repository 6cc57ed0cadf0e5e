"""What the managers of a project set for its training."""

from __future__ import annotations

from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.training.models import TrainingPlan
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
