"""Change how a project trains."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import locked
from evalhub.projects.models import Project
from evalhub.review.service.tasks import refresh_eligibility
from evalhub.training.models import TrainingPlan
from evalhub.training.queries.settings import settings_of
from evalhub.training.schema.rules import PlanSettings
from evalhub.training.service.recording import record_training


def set_settings(
    session: Session, project_id: int, settings: PlanSettings, *, by: Account | None, at: datetime
) -> None:
    """Store the settings; who is handed work changes at once where the requirement of a certificate does.

    Attempts and certificates keep the rule under which they began.
    """
    this = locked(sa.select(Project).where(Project.id == project_id)).execution_options(populate_existing=True)
    project = session.scalars(this).one()
    if settings == settings_of(session, project):
        return
    plan = session.get(TrainingPlan, project_id) or TrainingPlan(project_id=project_id)
    plan.gold_share = settings.gold_share
    plan.practice_items = settings.practice_items
    plan.retake_hours = settings.retake_hours
    plan.rule = settings.rule.model_dump(mode="json")
    session.add(plan)
    has_changed = project.requires_certificate != settings.requires_certificate
    project.requires_certificate = settings.requires_certificate
    session.flush()
    if has_changed:
        refresh_eligibility(session, project_id)
    record_training(
        session,
        project_id,
        "training.set",
        subject=("project", project.public_id),
        by=by,
        at=at,
        payload=settings.model_dump(mode="json"),
    )
