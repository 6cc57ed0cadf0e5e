"""Give items a use in training, change their references, and take them out again.

Nothing is implicit: an item that was imported with known levels serves as gold only once a manager has said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.datasets.queries import item_of
from evalhub.db import locked
from evalhub.errors import BadInput, Conflict, Fault
from evalhub.projects.models import Project
from evalhub.review.models import Assignment
from evalhub.review.service.setting_aside import hand_out_again, hold_untouched
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.training.models import Attempt, Gold, GoldAnswer, Trial, Use
from evalhub.training.schema.reference import Reference, imported_reference, reference_faults
from evalhub.training.service.recording import record_training

HELD_BECAUSE = "used for training"


@dataclass(frozen=True, slots=True)
class NewGold:
    """An item by its id in the source; without a reference the one it was imported with."""

    item: str
    use: Use
    reference: Reference | None = None
    note: str = ""


def add_gold(session: Session, project_id: int, new: NewGold, *, by: Account | None, at: datetime) -> Gold:
    """Give an item a use, and take it out of the live queue where nobody has met it there yet.

    Raises:
        NotFound: the dataset shows no such item.
        BadInput: it has no reference, or one that does not fit the rubric.
        Conflict: it is in use already or withdrawn, or the project grades answers in pairs.
    """
    project = _locked(session, project_id)
    item = item_of(session, project.dataset_id, new.item)
    _refuse(session, project, item)
    reference = _reference(session, project, item, new)
    gold = Gold(
        project_id=project_id,
        dataset_id=item.dataset_id,
        item_id=item.id,
        rubric_version_id=project.rubric_version_id,
        use=new.use,
        note=new.note.strip(),
        added_at=at,
        added_by_id=by.id if by else None,
    )
    _store(session, gold, reference)
    held = hold_untouched(session, project_id, [item.id], HELD_BECAUSE)
    payload = {"use": new.use.value, "criteria": len(reference), "held": held > 0}
    _record(session, gold, "gold.added", by=by, at=at, payload=payload)
    return gold


def replace_reference(
    session: Session, gold: Gold, reference: Reference, *, note: str, by: Account | None, at: datetime
) -> Gold:
    """Put another reference in the place of one: what was graded by the old one stays judged by it.

    Raises:
        BadInput: it does not fit the rubric.
        Conflict: the gold item was taken out of training.
    """
    project = _locked(session, gold.project_id)
    session.refresh(gold)
    if gold.retired_at is not None:
        raise Conflict("This item was taken out of training.", code="retired")
    item = session.get_one(Item, (gold.dataset_id, gold.item_id))
    _check(session, project, item, reference)
    gold.retired_at = at
    session.flush()
    new = Gold(
        project_id=gold.project_id,
        dataset_id=gold.dataset_id,
        item_id=gold.item_id,
        rubric_version_id=project.rubric_version_id,
        use=gold.use,
        note=note.strip(),
        added_at=at,
        added_by_id=by.id if by else None,
    )
    _store(session, new, reference)
    _move_waiting_trials(session, gold, new)
    payload = {"use": new.use.value, "criteria": len(reference), "replaces": gold.public_id}
    _record(session, new, "gold.added", by=by, at=at, payload=payload)
    return new


def retire_gold(session: Session, gold: Gold, *, by: Account | None, at: datetime) -> None:
    """Take an item out of training; whoever has not met it there may get it live again.

    Raises:
        Conflict: it was taken out already.
    """
    _locked(session, gold.project_id)
    session.refresh(gold)
    if gold.retired_at is not None:
        raise Conflict("This item was taken out of training already.", code="retired")
    gold.retired_at = at
    session.flush()
    back = hand_out_again(session, gold.project_id, [gold.item_id], HELD_BECAUSE)
    _record(session, gold, "gold.retired", by=by, at=at, payload={"use": gold.use.value, "live_again": back > 0})


def _refuse(session: Session, project: Project, item: Item) -> None:
    if project.pairs:
        raise Conflict("A project that grades answers in pairs has no gold items.", code="pairs")
    if item.withdrawn_at is not None:
        raise Conflict(f'The item "{item.external_id}" was withdrawn.', code="withdrawn")
    in_use = sa.exists().where(Gold.project_id == project.id, Gold.item_id == item.id, Gold.retired_at.is_(None))
    if session.scalar(sa.select(in_use)):
        raise Conflict(f'The item "{item.external_id}" is in use already.', code="gold_exists")


def _reference(session: Session, project: Project, item: Item, new: NewGold) -> Reference:
    if new.reference is not None:
        _check(session, project, item, new.reference)
        return new.reference
    if not item.gold:
        wrong = f'the item "{item.external_id}" was imported without known levels; grade it yourself'
        raise BadInput("There is no reference.", faults=[Fault("schema", wrong, "item")])
    faults: list[Fault] = []
    rubric = rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
    imported = imported_reference(rubric, item.gold, faults)
    if faults:
        raise BadInput(f'The known levels of "{item.external_id}" do not fit the rubric.', faults=faults)
    _check(session, project, item, imported)
    return imported


def _check(session: Session, project: Project, item: Item, reference: Reference) -> None:
    rubric = rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
    faults = list(reference_faults(rubric, item.tags, reference))
    if faults:
        raise BadInput(f'This is no reference for "{item.external_id}".', faults=faults)


def _store(session: Session, gold: Gold, reference: Reference) -> None:
    session.add(gold)
    session.flush()
    rows = sa.select(Criterion.key, Criterion.id).where(Criterion.rubric_version_id == gold.rubric_version_id)
    ids: dict[str, int] = dict(session.execute(rows).all())
    session.add_all(
        GoldAnswer(
            gold_id=gold.id,
            criterion_id=ids[key],
            level=answer.known.rank,
            value=answer.known.value,
            not_applicable=answer.known.is_not_applicable,
            reason=answer.reason,
            evidence=[dict(quote) for quote in answer.evidence],
        )
        for key, answer in reference.items()
    )
    session.flush()


def _move_waiting_trials(session: Session, old: Gold, new: Gold) -> None:
    """Hold what nobody has submitted yet against the new reference."""
    submitted = sa.exists().where(
        Assignment.project_id == Trial.project_id,
        Assignment.task_id == Trial.task_id,
        Assignment.reviewer_id == Attempt.account_id,
        Assignment.submitted_at.is_not(None),
    )
    waiting = session.scalars(
        sa.select(Trial).join(Attempt, Attempt.id == Trial.attempt_id).where(Trial.gold_id == old.id, ~submitted)
    )
    for trial in waiting:
        trial.gold_id = new.id
    session.flush()


def _locked(session: Session, project_id: int) -> Project:
    this = locked(sa.select(Project).where(Project.id == project_id)).execution_options(populate_existing=True)
    return session.scalars(this).one()


def _record(
    session: Session, gold: Gold, action: str, *, by: Account | None, at: datetime, payload: dict[str, Any]
) -> None:
    subject = ("gold", gold.public_id)
    record_training(session, gold.project_id, action, subject=subject, by=by, at=at, payload=payload)
