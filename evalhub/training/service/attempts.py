"""Begin a practice or a qualification: a queue for one person, who is then handed its items before all others."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import locked
from evalhub.errors import Conflict
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.schema import seeded
from evalhub.review.models import Purpose, Task
from evalhub.review.service.claim import lock_member
from evalhub.review.service.panels import PRIORITY, PanelWork, extend_panel, open_panel
from evalhub.review.service.setting_aside import keep_from
from evalhub.training.models import Attempt, Trial, Use
from evalhub.training.queries.attempts import open_attempt
from evalhub.training.queries.certificates import certificate_of, stands, waits_until
from evalhub.training.queries.pool import Offer, offers
from evalhub.training.queries.settings import settings_of
from evalhub.training.schema.rules import StatedRule
from evalhub.training.service.recording import record_training

NAMES = {Use.PRACTICE: "Practice", Use.QUALIFICATION: "Qualification", Use.GOLD: "Gold items"}
PRIORITIES = {Use.PRACTICE: PRIORITY, Use.QUALIFICATION: PRIORITY, Use.GOLD: PRIORITY - 1}
"""Gold comes after the rest of a practice, a qualification or a round that it would betray itself among."""


def start_practice(session: Session, project_id: int, account_id: int, *, at: datetime) -> Attempt:
    """Hand the person practice items, those not met before first; the practice that is open already, if there is one.

    Raises:
        Conflict: the project is closed, or has no practice item for them.
        Forbidden: the account is no active reviewer of the project.
    """
    project = _locked(session, project_id, account_id)
    there = open_attempt(session, project_id, account_id, Use.PRACTICE)
    if there is not None:
        return there
    _refuse_when_closed(project)
    found = offers(session, project, account_id, Use.PRACTICE)
    chosen = _drawn(found, settings_of(session, project).practice_items)
    if not chosen:
        raise Conflict("This project has no practice items for you.", code="no_gold")
    return _begin(session, project, account_id, Use.PRACTICE, chosen, at=at)


def start_qualification(session: Session, project_id: int, account_id: int, *, at: datetime) -> Attempt:
    """Hand the person the items of a qualification; the one that is open already, if there is one.

    Raises:
        Conflict: the project is closed, they are certified, they have to wait (`wait`), or the project has too few
            qualification items for its rule (`no_gold`).
        Forbidden: the account is no active reviewer of the project.
    """
    project = _locked(session, project_id, account_id)
    there = open_attempt(session, project_id, account_id, Use.QUALIFICATION)
    if there is not None:
        return there
    _refuse_when_closed(project)
    last = certificate_of(session, project_id, account_id)
    if stands(last, project):
        raise Conflict("You hold a certificate for this version of the rubric already.", code="certified")
    from_when = waits_until(last, project, at)
    if from_when is not None:
        raise Conflict(f"You may try again from {from_when:%Y-%m-%d %H:%M} UTC on.", code="wait")
    needed = settings_of(session, project).rule.test.n
    found = offers(session, project, account_id, Use.QUALIFICATION)
    if len(found) < needed:
        short = f"its rule takes {needed} and {len(found)} are there for you"
        raise Conflict(f"The project has too few qualification items: {short}. A manager can add some.", code="no_gold")
    return _begin(session, project, account_id, Use.QUALIFICATION, _drawn(found, needed), at=at)


def gold_attempt(session: Session, project: Project, account_id: int, *, at: datetime) -> Attempt:
    """What the gold items among the person's live work are gathered in; project and member are locked.

    One belongs to a version of the rubric: on a new one the earlier ends.
    """
    there = open_attempt(session, project.id, account_id, Use.GOLD)
    if there is not None and there.rubric_version_id == project.rubric_version_id:
        return there
    if there is not None:
        there.ended_at = at
        session.flush()
    return _begin(session, project, account_id, Use.GOLD, [], at=at)


def give(session: Session, attempt: Attempt, chosen: Sequence[Offer]) -> None:
    """Add gold items to the queue of an attempt, and keep the person from their live tasks; both rows are locked."""
    assert attempt.batch_id is not None
    extend_panel(session, attempt.batch_id, _work(attempt, chosen))
    _note_trials(session, attempt, chosen)


def _drawn(found: Sequence[Offer], n: int) -> list[Offer]:
    """At most n items at random, those that the person has met least often first."""
    seed = secrets.randbelow(2**31)
    return sorted(found, key=lambda offer: (offer.times_met, seeded(seed, "draw", offer.external_id)))[:n]


def _begin(
    session: Session, project: Project, account_id: int, use: Use, chosen: Sequence[Offer], *, at: datetime
) -> Attempt:
    this = (Attempt.project_id == project.id, Attempt.account_id == account_id, Attempt.use == use)
    number = (session.scalar(sa.select(sa.func.max(Attempt.number)).where(*this)) or 0) + 1
    rule = StatedRule.of(settings_of(session, project).rule)
    attempt = Attempt(
        project_id=project.id,
        account_id=account_id,
        use=use,
        number=number,
        rubric_version_id=project.rubric_version_id,
        rule=rule.model_dump(mode="json"),
        started_at=at,
    )
    session.add(attempt)
    session.flush()
    attempt.batch_id = open_panel(session, project.id, _work(attempt, chosen), at=at).id
    session.flush()
    _note_trials(session, attempt, chosen)
    if use is not Use.GOLD:
        by = session.get_one(Account, account_id)
        payload = {"items": len(chosen), "number": number}
        subject = ("attempt", attempt.public_id)
        record_training(session, project.id, f"{use}.started", subject=subject, by=by, at=at, payload=payload)
    return attempt


def _work(attempt: Attempt, chosen: Sequence[Offer]) -> PanelWork:
    return PanelWork(
        name=f"{NAMES[attempt.use]} {attempt.id}",
        purpose=Purpose(attempt.use.value),
        occasion=attempt.id,
        rubric_version_id=attempt.rubric_version_id,
        item_ids=[offer.item_id for offer in chosen],
        reviewer_ids=[attempt.account_id],
        seed=secrets.randbelow(2**31),
        priority=PRIORITIES[attempt.use],
    )


def _note_trials(session: Session, attempt: Attempt, chosen: Sequence[Offer]) -> None:
    gold_of = {offer.item_id: offer.gold_id for offer in chosen}
    tasks = session.execute(
        sa.select(Task.id, Task.item_id).where(
            Task.project_id == attempt.project_id, Task.batch_id == attempt.batch_id, Task.item_id.in_(list(gold_of))
        )
    )
    session.add_all(
        Trial(project_id=attempt.project_id, task_id=task_id, attempt_id=attempt.id, gold_id=gold_of[item_id])
        for task_id, item_id in tasks
    )
    keep_from(session, attempt.project_id, list(gold_of), attempt.account_id)
    session.flush()


def _locked(session: Session, project_id: int, account_id: int) -> Project:
    this = locked(sa.select(Project).where(Project.id == project_id)).execution_options(populate_existing=True)
    project = session.scalars(this).one()
    lock_member(session, project_id, account_id)
    return project


def _refuse_when_closed(project: Project) -> None:
    if project.state is ProjectState.CLOSED:
        raise Conflict("The project is closed.", code="project_state")
