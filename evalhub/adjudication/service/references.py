"""Make gold items of items that are settled: what was decided, or what all reviewers said alike."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.queries import settled
from evalhub.adjudication.schema import ADJUDICATED, Outcome
from evalhub.datasets.queries import item_of
from evalhub.errors import BadInput, Fault
from evalhub.projects.models import Project
from evalhub.review.models import COUNTED_PURPOSES, Task
from evalhub.training.models import Use
from evalhub.training.schema.judging import Known
from evalhub.training.schema.reference import ReferenceAnswer
from evalhub.training.service.golds import NewGold, add_gold

FEWEST = 2
"""Reviewers who say the same."""
NOTE = "What reviewers agreed on, or a case decided."


def add_settled_gold(
    session: Session, project_id: int, items: Collection[str], use: Use, *, by: Account | None, at: datetime
) -> None:
    """Give settled items a use in training, all or none; their levels are the reference, rationales its reasons.

    Raises:
        NotFound: the dataset shows no such item.
        BadInput: naming every item of which a criterion is neither decided nor answered alike by two reviewers.
        Conflict: one is in use already or withdrawn.
    """
    project = session.get_one(Project, project_id)
    found = {item: _reference(session, project, item) for item in items}
    faults = [
        Fault("schema", "is not settled in every criterion by a decision or by reviewers who all agree", item)
        for item, reference in found.items()
        if reference is None
    ]
    if faults:
        raise BadInput("Not all of these items are settled.", faults=faults)
    for item, reference in found.items():
        add_gold(session, project_id, NewGold(item, use, reference, NOTE), by=by, at=at)


def _reference(session: Session, project: Project, external_id: str) -> dict[str, ReferenceAnswer] | None:
    item = item_of(session, project.dataset_id, external_id)
    tasks = session.scalars(
        sa.select(Task.id).where(
            Task.project_id == project.id,
            Task.item_id == item.id,
            Task.rubric_version_id == project.rubric_version_id,
            Task.purpose.in_(COUNTED_PURPOSES),
        )
    ).all()
    outcomes = [
        outcome for by_criterion in settled(session, project.id, tasks).values() for outcome in by_criterion.values()
    ]
    if not outcomes or not all(_is_sure(outcome) for outcome in outcomes):
        return None
    return {
        outcome.criterion: ReferenceAnswer(Known(outcome.rank, outcome.value), outcome.rationale)
        for outcome in outcomes
    }


def _is_sure(outcome: Outcome) -> bool:
    return outcome.method == ADJUDICATED or (outcome.n_ratings >= FEWEST and outcome.agreement == 1)
