"""Hide gold items among somebody's live work.

After each live review of a person a gold item follows with the project's share as its chance, drawn anew each time: of
all laws of gaps this alone tells nothing, however many gold items somebody recognised, about when the next one comes.
The draw is a keyed hash of the task just graded, so asking twice gives one answer, and only who knows the project's
secret key can foresee it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import locked, now
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.schema import seeded
from evalhub.review.models import Assignment, AssignmentState, is_in
from evalhub.review.queries.workload import waiting_for
from evalhub.review.service.claim import lock_member
from evalhub.training.models import Use
from evalhub.training.queries.pool import offers
from evalhub.training.service.attempts import give, gold_attempt

OUT_OF = 2**64


def is_due(key: str, reviewer_id: int, task_id: int, share: float) -> bool:
    """Whether a gold item follows on this review; true for `share` of all.

    Args:
        key: the project's secret, in hex.
    """
    message = f"gold:{reviewer_id}:{task_id}".encode()
    drawn = hmac.new(bytes.fromhex(key), message, hashlib.blake2b).digest()[:8]
    return int.from_bytes(drawn, "big") < int(share * OUT_OF)


def plant_under_cover(session: Session, project_id: int, reviewer_id: int) -> bool:
    """Plant one among work that is left: where "nothing is left" was just said, what came after it would be gold.

    Returns:
        Whether it was planted.

    Raises:
        Forbidden: the account is no active reviewer of the project any more.
    """
    holds = sa.exists().where(
        Assignment.project_id == project_id,
        Assignment.reviewer_id == reviewer_id,
        is_in(AssignmentState.LEASED),
    )
    if not session.scalar(sa.select(holds)) and not waiting_for(session, project_id, reviewer_id).items:
        return False
    return plant(session, project_id, reviewer_id)


def plant(session: Session, project_id: int, reviewer_id: int) -> bool:
    """Add a gold item that the person has never met to their queue.

    Returns:
        False where none is left for them, or the project is closed.

    Raises:
        Forbidden: the account is no active reviewer of the project any more.
    """
    this = locked(sa.select(Project).where(Project.id == project_id)).execution_options(populate_existing=True)
    project = session.scalars(this).one()
    lock_member(session, project_id, reviewer_id)
    if project.state is ProjectState.CLOSED:
        return False
    never_met = [offer for offer in offers(session, project, reviewer_id, Use.GOLD) if offer.times_met == 0]
    if not never_met:
        return False
    seed = secrets.randbelow(2**31)
    chosen = min(never_met, key=lambda offer: seeded(seed, "gold", offer.external_id))
    give(session, gold_attempt(session, project, reviewer_id, at=now(session)), [chosen])
    return True
