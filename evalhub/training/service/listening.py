"""What training does when a review is stored or an item passed on: in transactions of its own, after the commit.

Their failure never turns a stored answer into an error. The sweep makes up for an attempt that was not ended; a gold
item that was not planted is one fewer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import Database, now
from evalhub.errors import EvalhubError
from evalhub.projects.models import Project
from evalhub.review.models import COUNTED_PURPOSES, Assignment, Purpose, Task
from evalhub.review.service.revise import shown_others
from evalhub.training.models import TrainingPlan, Trial
from evalhub.training.queries.references import in_training
from evalhub.training.service.golds import retire_gold
from evalhub.training.service.planting import is_due, plant_under_cover
from evalhub.training.service.results import settle, watch_drift
from evalhub.web.session import after_commit, write

logger = logging.getLogger(__name__)
ENDING = (Purpose.PRACTICE, Purpose.QUALIFICATION)


def on_review_submitted(session: Session, project_id: int, task_id: int, reviewer_id: int, revision: int) -> None:
    """Plant a gold item that is due, end the attempt that this ends, or watch for drift (handler).

    A review for practice is answered with the reference, so it cannot be reopened from here on.
    """
    purpose = session.get_one(Task, (project_id, task_id)).purpose
    if purpose in COUNTED_PURPOSES:
        if revision == 1 and _is_due(session, project_id, task_id, reviewer_id):
            _afterwards(session, partial(plant_under_cover, project_id=project_id, reviewer_id=reviewer_id))
    elif purpose is Purpose.GOLD:
        _afterwards(session, partial(watch_drift, project_id=project_id, account_id=reviewer_id))
    elif purpose in ENDING:
        if purpose is Purpose.PRACTICE:
            shown_others(session, session.get_one(Assignment, (project_id, task_id, reviewer_id)))
        _settle_afterwards(session, project_id, task_id)


def on_item_skipped(session: Session, project_id: int, task_id: int) -> None:
    """End the attempt that this ends (handler)."""
    if session.get_one(Task, (project_id, task_id)).purpose in ENDING:
        _settle_afterwards(session, project_id, task_id)


def on_item_replaced(session: Session, dataset_id: int, item_id: int, by_id: int | None) -> None:
    """Retire the references of an item in whose place another stands: they tell nothing of that one (handler)."""
    by = session.get(Account, by_id) if by_id is not None else None
    for gold in in_training(session, dataset_id, item_id):
        retire_gold(session, gold, by=by, at=now(session))


def on_consequences_asked(session: Session, dataset_id: int, item_id: int) -> list[str]:
    """Say what becomes of the item's references (handler)."""
    return [
        f"It has known levels and serves as {gold.use.value} item in {session.get_one(Project, gold.project_id).title}:"
        " while it is withdrawn nobody is given it there; when it is replaced, its reference is retired."
        for gold in in_training(session, dataset_id, item_id)
    ]


def _is_due(session: Session, project_id: int, task_id: int, reviewer_id: int) -> bool:
    share = session.scalar(sa.select(TrainingPlan.gold_share).where(TrainingPlan.project_id == project_id))
    if not share:
        return False
    return is_due(session.get_one(Project, project_id).pseudonym_key, reviewer_id, task_id, share)


def _settle_afterwards(session: Session, project_id: int, task_id: int) -> None:
    trial = session.get(Trial, (project_id, task_id))
    if trial is not None:
        _afterwards(session, partial(settle, attempt_id=trial.attempt_id))


def _afterwards(session: Session, act: Callable[[Session], object]) -> None:
    after_commit(session, partial(_do, act=act))


def _do(database: Database, *, act: Callable[[Session], object]) -> None:
    try:
        write(act, on=database)
    except (EvalhubError, sa.exc.DBAPIError):
        logger.warning("training could not follow up a review", exc_info=True)
