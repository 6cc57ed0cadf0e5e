"""Make gold items of items that are settled: what was decided, or what all reviewers said alike."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.queries import settled
from evalhub.adjudication.schema import ADJUDICATED, Outcome
from evalhub.calibration.queries import is_complete
from evalhub.datasets.queries import item_of
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.models import Project
from evalhub.review.models import COUNTED_PURPOSES, Task
from evalhub.review.queries.hidden import hidden_tasks
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
        BadInput: naming every item that waits for a review, or of which a criterion is neither decided nor answered
            alike by two reviewers.
        Conflict: one is in use already or withdrawn; or whoever asks may still grade one or change their review of it
            (`may_grade`): whether it is settled, and on what, tells what others said.
    """
    project = session.get_one(Project, project_id)
    if by is not None:
        _refuse_who_may_grade(session, project, items, by.id)
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


def _refuse_who_may_grade(session: Session, project: Project, items: Collection[str], account_id: int) -> None:
    for external_id in items:
        tasks = session.scalars(_tasks_of(session, project, external_id).with_only_columns(Task.public_id)).all()
        if hidden_tasks(session, project.id, account_id, tasks):
            message = f'You may still grade "{external_id}": leave it to a manager who does not review here.'
            raise Conflict(message, code="may_grade")


def _reference(session: Session, project: Project, external_id: str) -> dict[str, ReferenceAnswer] | None:
    tasks = session.scalars(_tasks_of(session, project, external_id).where(is_complete())).all()
    outcomes = [
        outcome for by_criterion in settled(session, project.id, tasks).values() for outcome in by_criterion.values()
    ]
    if not outcomes or not all(_is_sure(outcome) for outcome in outcomes):
        return None
    return {
        outcome.criterion: ReferenceAnswer(Known(outcome.rank, outcome.value), outcome.rationale)
        for outcome in outcomes
    }


def _tasks_of(session: Session, project: Project, external_id: str) -> sa.Select[int]:
    """The ids of the tasks whose ratings tell what an item came to.

    Raises:
        NotFound: the dataset shows no such item.
    """
    item = item_of(session, project.dataset_id, external_id)
    return sa.select(Task.id).where(
        Task.project_id == project.id,
        Task.item_id == item.id,
        Task.rubric_version_id == project.rubric_version_id,
        Task.purpose.in_(COUNTED_PURPOSES),
    )


def _is_sure(outcome: Outcome) -> bool:
    return outcome.method == ADJUDICATED or (outcome.n_ratings >= FEWEST and outcome.agreement == 1)
