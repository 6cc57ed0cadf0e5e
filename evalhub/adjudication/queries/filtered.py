"""What the queue of cases can be narrowed to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import (
    Case,
    CaseCriterion,
    CaseState,
    Correction,
    CorrectionState,
    Decision,
    ResolutionAnswer,
)
from evalhub.adjudication.queries.nobody import somebody_may_settle
from evalhub.adjudication.schema import Cause
from evalhub.datasets.models import Item
from evalhub.projects.models import Batch
from evalhub.review.models import Assignment, ReturnedReview, Task
from evalhub.review.queries.one_more import waits_for_one_more
from evalhub.review.queries.returned import IS_RETURNED
from evalhub.rubrics.models import Criterion as CriterionRow


class Taken(StrEnum):
    MINE = "mine"
    NOBODY = "nobody"
    OTHERS = "others"


class Waits(StrEnum):
    """What a case waits for."""

    CORRECTION = "correction"
    ANSWER = "answer"
    SENT_BACK = "sent_back"
    ONE_MORE = "one_more"
    NOBODY_LEFT = "nobody_left"


WAITS_WORDS = {
    Waits.CORRECTION: "an answer to a correction",
    Waits.ANSWER: "a reviewer's answer to be read",
    Waits.SENT_BACK: "a review that was sent back",
    Waits.ONE_MORE: "one more reviewer",
    Waits.NOBODY_LEFT: "somebody who may settle it",
}


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Each narrows the queue where it is given; `state` is None for all of them.

    `text` is looked for in the alias, the prompt and the answer.
    """

    state: CaseState | None = CaseState.OPEN
    criterion: str | None = None
    flag: str | None = None
    cause: Cause | None = None
    batch_id: int | None = None
    taken: Taken | None = None
    waits: Waits | None = None
    text: str = ""

    def conditions(self, account_id: int) -> list[sa.ColumnElement[bool]]:
        """Of a `Case` with its `Task` and `Item` in the statement."""
        found: list[sa.ColumnElement[bool]] = []
        if self.state is not None:
            found.append(Case.state == self.state)
        if self.criterion is not None or self.flag is not None:
            found.append(_disputes(self.criterion, self.flag))
        if self.cause is not None:
            found.append(_decided_as(self.cause))
        if self.batch_id is not None:
            found.append(Task.batch_id == self.batch_id)
        if self.taken is not None:
            found.append(_taken(self.taken, account_id))
        if self.waits is not None:
            found.append(WAITING[self.waits])
        if self.text:
            alias = Case.public_id.istartswith(self.text, autoescape=True)
            words = (column.icontains(self.text, autoescape=True) for column in (Item.prompt, Item.response))
            found.append(sa.or_(alias, *words))
        return found


def disputed_keys(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Key and title of every criterion that is in a case of the project."""
    rows = session.execute(
        sa.select(CriterionRow.key, sa.func.min(CriterionRow.title), sa.func.min(CriterionRow.position))
        .join(CaseCriterion, CaseCriterion.criterion_id == CriterionRow.id)
        .where(CaseCriterion.project_id == project_id)
        .group_by(CriterionRow.key)
        .order_by(sa.func.min(CriterionRow.position), CriterionRow.key)
    )
    return [(row[0], row[1]) for row in rows]


def batches_with_cases(session: Session, project_id: int) -> list[tuple[int, str]]:
    """Id and name of every batch that has a case."""
    of_case = (
        sa.exists()
        .where(Task.project_id == project_id, Task.batch_id == Batch.id)
        .where(Case.project_id == Task.project_id, Case.task_id == Task.id)
        .correlate(Batch)
    )
    rows = session.execute(
        sa.select(Batch.id, Batch.name).where(Batch.project_id == project_id, of_case).order_by(Batch.id)
    )
    return [(row[0], row[1]) for row in rows]


def _disputes(key: str | None, flag: str | None) -> sa.ColumnElement[bool]:
    found = sa.select(CaseCriterion.task_id).where(
        CaseCriterion.project_id == Case.project_id, CaseCriterion.task_id == Case.task_id
    )
    if key is not None:
        found = found.join(CriterionRow, CriterionRow.id == CaseCriterion.criterion_id).where(CriterionRow.key == key)
    if flag is not None:
        found = found.where(sa.type_coerce(CaseCriterion.flags, sa.Text).contains(f'"{flag}"', autoescape=True))
    return found.exists()


def _decided_as(cause: Cause) -> sa.ColumnElement[bool]:
    """The decision that stands has this cause."""
    return (
        sa.select(Decision.task_id)
        .where(
            Decision.project_id == Case.project_id,
            Decision.task_id == Case.task_id,
            Decision.revision == Case.revision,
            Decision.cause == cause,
        )
        .exists()
    )


def _taken(taken: Taken, account_id: int) -> sa.ColumnElement[bool]:
    if taken is Taken.NOBODY:
        return Case.taken_by_id.is_(None)
    return Case.taken_by_id == account_id if taken is Taken.MINE else Case.taken_by_id != account_id


def answer_waits() -> sa.ColumnElement[bool]:
    """Of a `Case` in the statement: a reviewer has answered the decision that stands, and nobody has read it."""
    return sa.and_(
        Case.state == CaseState.DECIDED,
        sa.select(ResolutionAnswer.task_id)
        .where(
            ResolutionAnswer.project_id == Case.project_id,
            ResolutionAnswer.task_id == Case.task_id,
            ResolutionAnswer.revision == Case.revision,
            ResolutionAnswer.read_at.is_(None),
        )
        .exists(),
    )


def is_sent_back() -> sa.ColumnElement[bool]:
    """Of a `Case` in the statement: it is open, and a review of it is with its reviewer again."""
    returned = (
        sa.select(Assignment.task_id)
        .join(ReturnedReview, IS_RETURNED)
        .where(Assignment.project_id == Case.project_id, Assignment.task_id == Case.task_id)
        .exists()
    )
    return sa.and_(Case.state == CaseState.OPEN, returned)


def nobody_is_left() -> sa.ColumnElement[bool]:
    """Of a `Case` and its `Task` in the statement: it is open, and no adjudicator may settle it."""
    return sa.and_(Case.state == CaseState.OPEN, ~somebody_may_settle())


WAITING: dict[Waits, sa.ColumnElement[bool]] = {
    Waits.CORRECTION: sa.select(Correction.task_id)
    .where(
        Correction.project_id == Case.project_id,
        Correction.task_id == Case.task_id,
        Correction.state == CorrectionState.OPEN,
    )
    .exists(),
    Waits.ANSWER: answer_waits(),
    Waits.SENT_BACK: is_sent_back(),
    Waits.ONE_MORE: waits_for_one_more(),
    Waits.NOBODY_LEFT: nobody_is_left(),
}
