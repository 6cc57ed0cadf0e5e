"""What is talked about after a round: its discussed items with everybody's answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account
from evalhub.calibration.models import CalibrationRound, RoundItem, RoundState
from evalhub.calibration.queries.answers import answers_of_tasks
from evalhub.calibration.queries.asked import meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.datasets.models import Item
from evalhub.projects.models import Member
from evalhub.projects.queries import shown_name
from evalhub.projects.schema import seeded
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, RatingNote, Task, same_item
from evalhub.rubrics.schema.models import Criterion


@dataclass(frozen=True, slots=True)
class Said:
    """What one reviewer gave to a criterion, and why."""

    name: str
    answer: Answer
    note: str


@dataclass(frozen=True, slots=True)
class DiscussedCriterion:
    criterion: Criterion
    said: tuple[Said, ...]

    @property
    def differs(self) -> bool:
        return len({one.answer for one in self.said}) > 1


@dataclass(frozen=True, slots=True)
class DiscussedItem:
    """An item, and the viewer's own assignment in which they graded it."""

    assignment: str
    item: Item
    criteria: tuple[DiscussedCriterion, ...]


def own_discussed(session: Session, round_: CalibrationRound, account_id: int) -> list[Assignment]:
    """The account's reviews of the discussed items; none unless the round is closed and they graded them all."""
    if round_.state is RoundState.OPEN:
        return []
    rows = session.execute(
        sa.select(RoundItem.task_id, Assignment)
        .outerjoin(
            Assignment,
            sa.and_(
                Assignment.project_id == RoundItem.project_id,
                Assignment.task_id == RoundItem.task_id,
                Assignment.reviewer_id == account_id,
                Assignment.state == AssignmentState.SUBMITTED,
            ),
        )
        .where(RoundItem.round_id == round_.id, RoundItem.discussed)
        .order_by(RoundItem.task_id)
    ).all()
    own = [assignment for _, assignment in rows if assignment is not None]
    return own if len(own) == len(rows) else []


def talks_of(session: Session, project_id: int, account_id: int) -> Sequence[CalibrationRound]:
    """The closed rounds that the account may talk about, the last one first."""
    discussed = sa.select(RoundItem.task_id).where(RoundItem.round_id == CalibrationRound.id, RoundItem.discussed)
    graded = (
        sa.exists()
        .where(
            Assignment.project_id == RoundItem.project_id,
            Assignment.task_id == RoundItem.task_id,
            Assignment.reviewer_id == account_id,
            Assignment.state == AssignmentState.SUBMITTED,
        )
        .correlate(RoundItem)
    )
    return session.scalars(
        sa.select(CalibrationRound)
        .where(
            CalibrationRound.project_id == project_id,
            CalibrationRound.state == RoundState.CLOSED,
            discussed.exists(),
            ~discussed.where(~graded).exists(),
        )
        .order_by(CalibrationRound.number.desc())
    ).all()


def tasks_of_the_same_items(session: Session, project_id: int, task_ids: Sequence[int]) -> list[int]:
    """The tasks whose ratings count and whose items are those of some tasks, in order of id."""
    other = aliased(Task)
    statement = (
        sa.select(Task.id)
        .join(
            other,
            same_item(other, Task),
        )
        .where(Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), other.id.in_(task_ids))
        .order_by(Task.id)
    )
    return list(session.scalars(statement))


def discussion_of(session: Session, round_: CalibrationRound, own: Sequence[Assignment]) -> list[DiscussedItem]:
    """The discussed items with what everybody gave, for somebody whose reviews of them are `own`.

    They come in one random order for all who talk, so that "item 3" is the same to each.
    """
    task_ids = [assignment.task_id for assignment in own]
    criteria = meanings(session, [round_.rubric_version_id])
    items = _items(session, round_.project_id, task_ids)
    notes = _notes(session, round_.project_id, task_ids)
    said: dict[tuple[int, int], list[Said]] = defaultdict(list)
    given = answers_of_tasks(session, round_.project_id, task_ids)
    names = _names(session, round_.project_id, {one.reviewer_id for one in given})
    for one in given:
        note = notes.get((one.task_id, one.criterion_id, one.reviewer_id), "")
        said[one.task_id, one.criterion_id].append(Said(names[one.reviewer_id], one.answer, note))
    return [
        DiscussedItem(
            assignment=assignment.public_id,
            item=items[assignment.task_id],
            criteria=tuple(
                DiscussedCriterion(criterion, tuple(sorted(said[assignment.task_id, id_], key=lambda one: one.name)))
                for id_, criterion in criteria.items()
                if (assignment.task_id, id_) in said
            ),
        )
        for assignment in sorted(own, key=lambda one: seeded(round_.seed, "talk", str(one.task_id)))
    ]


def _items(session: Session, project_id: int, task_ids: Sequence[int]) -> dict[int, Item]:
    """By task."""
    rows = session.execute(
        sa.select(Task.id, Item)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id == project_id, Task.id.in_(task_ids))
    )
    return dict(rows.all())


def _notes(session: Session, project_id: int, task_ids: Sequence[int]) -> dict[tuple[int, int, int], str]:
    statement = sa.select(RatingNote).where(RatingNote.project_id == project_id, RatingNote.task_id.in_(task_ids))
    return {(note.task_id, note.criterion_id, note.reviewer_id): note.text for note in session.scalars(statement)}


def _names(session: Session, project_id: int, account_ids: set[int]) -> dict[int, str]:
    rows = session.execute(
        sa.select(Account, Member)
        .outerjoin(Member, sa.and_(Member.account_id == Account.id, Member.project_id == project_id))
        .where(Account.id.in_(account_ids))
    )
    return {account.id: shown_name(account.display_name, member, account.kind) for account, member in rows}
