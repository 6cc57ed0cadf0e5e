"""The ratings that count, as arrays: criterion by criterion, so that memory holds one criterion at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session, selectinload

from evalhub.accounts.models import Account, AccountKind
from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import Question
from evalhub.datasets.models import Item
from evalhub.projects.models import Project
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Rating, Task
from evalhub.rubrics.models import Criterion as CriterionRow
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import rubric_from_canonical
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import Ratings

PEOPLE = (AccountKind.HUMAN, AccountKind.IMPORTED)
CHUNK = 50_000
Columns = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion of the project's rubric, and every row that asks the same question.

    `ids` holds also the criteria of other versions in use whose key and fingerprint are the same.
    """

    id: int
    ids: tuple[int, ...]
    criterion: Criterion

    @property
    def question(self) -> Question:
        return Question.of(self.criterion)


@dataclass(frozen=True, eq=False)
class CountedTasks:
    """The tasks whose ratings count, ascending by id; `group` numbers the prompts."""

    id: NDArray[np.int64]
    group: NDArray[np.int64]
    is_complete: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CountedRatings:
    """One criterion's ratings, one row each.

    `place` is the rank, or the value where the criterion has a range, and NaN for "not applicable"; `at` is the place
    of the task in `CountedTasks`.
    """

    at: NDArray[np.int64]
    task: NDArray[np.int64]
    reviewer: NDArray[np.int64]
    place: NDArray[np.float64]

    @property
    def is_not_applicable(self) -> NDArray[np.bool_]:
        return np.isnan(self.place)

    def answers_by_task(self, asked: Asked, keep: NDArray[np.bool_]) -> dict[int, list[Answer]]:
        """The answers of the tasks where `keep`, which has one entry a counted task, says so."""
        found: dict[int, list[Answer]] = {}
        rows = keep[self.at]
        for task, place in zip(self.task[rows].tolist(), self.place[rows].tolist(), strict=True):
            answer = Answer() if math.isnan(place) else _answer(asked, place)
            found.setdefault(task, []).append(answer)
        return found


class GivenAnswer(NamedTuple):
    """One rating that counts."""

    task_id: int
    criterion_id: int
    reviewer_id: int
    answer: Answer


def meanings(session: Session, rubric_version_ids: Iterable[int]) -> dict[int, Criterion]:
    """What the criteria of some rubric versions mean, by id, in the rubrics' order.

    Without entities, because every completed task asks for it; the rubric itself is parsed once a process.
    """
    versions = list(rubric_version_ids)
    canonical = {
        row.id: row.canonical
        for row in session.execute(
            sa.select(RubricVersion.id, RubricVersion.canonical).where(RubricVersion.id.in_(versions))
        )
    }
    rows = session.execute(
        sa.select(CriterionRow.id, CriterionRow.rubric_version_id, CriterionRow.position)
        .where(CriterionRow.rubric_version_id.in_(versions))
        .order_by(CriterionRow.rubric_version_id, CriterionRow.position)
    ).all()
    criteria = {
        (version_id, criterion.position): criterion
        for version_id, text in canonical.items()
        for criterion in rubric_from_canonical(text).criteria
    }
    return {row.id: criteria[row.rubric_version_id, row.position] for row in rows}


def criteria_of(session: Session, project_id: int) -> list[Asked]:
    """The criteria of the project's current rubric version, in the rubric's order."""
    project = session.get_one(Project, project_id)
    used = sa.select(Task.rubric_version_id).where(Task.project_id == project_id).distinct()
    versions = session.scalars(
        sa.select(RubricVersion)
        .where(sa.or_(RubricVersion.id == project.rubric_version_id, RubricVersion.id.in_(used)))
        .options(selectinload(RubricVersion.criteria))
    ).all()
    current = next(version for version in versions if version.id == project.rubric_version_id)
    same: dict[tuple[str, str], list[int]] = {}
    for version in versions:
        for row in version.criteria:
            same.setdefault((row.key, row.fingerprint), []).append(row.id)
    by_key = {criterion.key: criterion for criterion in rubric_of(current).criteria}
    return [Asked(row.id, tuple(sorted(same[row.key, row.fingerprint])), by_key[row.key]) for row in current.criteria]


def counted_tasks(session: Session, project_id: int) -> CountedTasks:
    """The live and regrade tasks of a project whose items are not withdrawn."""
    rows = session.execute(
        sa.select(Task.id, Item.group_key, is_complete())
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), Item.withdrawn_at.is_(None))
        .order_by(Task.id)
    ).all()
    numbers: dict[str, int] = {}
    return CountedTasks(
        id=np.array([row[0] for row in rows], dtype=np.int64),
        group=np.array([numbers.setdefault(row[1], len(numbers)) for row in rows], dtype=np.int64),
        is_complete=np.array([bool(row[2]) for row in rows], dtype=np.bool_),
    )


def is_complete() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: every slot holds a review, or past ratings were imported."""

    def has(state: AssignmentState) -> sa.ColumnElement[bool]:
        return sa.exists().where(
            Assignment.project_id == Task.project_id, Assignment.task_id == Task.id, Assignment.state == state
        )

    every_slot_is_filled = sa.and_(Task.free_slots == 0, ~has(AssignmentState.LEASED))
    return sa.or_(every_slot_is_filled, has(AssignmentState.IMPORTED))


def counted_ratings(
    session: Session,
    project_id: int,
    asked: Asked,
    tasks: CountedTasks,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CountedRatings:
    """The planned ratings of people on one criterion; voided reviews have none.

    Args:
        since: only reviews submitted at or after this moment; past ratings without a time are then left out.
        until: only reviews submitted before it.
    """
    place = sa.func.coalesce(Rating.value, Rating.level)
    columns: Columns = sa.select(Rating.task_id, Rating.reviewer_id, place)
    statement = _of_people(columns, project_id).where(Rating.criterion_id.in_(asked.ids))
    if since or until:
        statement = _within(statement, since, until)
    parts = [
        np.array([tuple(row) for row in rows], dtype=np.float64)
        for rows in session.execute(statement.execution_options(yield_per=CHUNK)).partitions()
    ]
    table = np.concatenate(parts) if parts else np.zeros((0, 3))
    task = table[:, 0].astype(np.int64)
    at = np.searchsorted(tasks.id, task)
    counts = np.zeros(len(task), dtype=np.bool_)
    inside = at < len(tasks.id)
    counts[inside] = tasks.id[at[inside]] == task[inside]
    return CountedRatings(at[counts], task[counts], table[counts, 1].astype(np.int64), table[counts, 2])


def as_ratings(asked: Asked, found: CountedRatings, tasks: CountedTasks) -> Ratings:
    """The levels or values given, for the figures; "not applicable" is no level and is left out."""
    group = tasks.group[found.at]
    if asked.criterion.range is None:
        return Ratings(found.task, found.reviewer, found.place, n_levels=len(asked.criterion.levels), group=group)
    return Ratings.of_values(found.task, found.reviewer, found.place, group)


def applicability(found: CountedRatings, tasks: CountedTasks) -> Ratings:
    """Whether each reviewer held the criterion for applicable: level 0 = not applicable, 1 = applicable."""
    applies = (~found.is_not_applicable).astype(np.int64)
    return Ratings(found.task, found.reviewer, applies, n_levels=2, group=tasks.group[found.at])


def _answer(asked: Asked, place: float) -> Answer:
    return Answer(rank=int(place)) if asked.criterion.range is None else Answer(value=place)


def _of_people(statement: Columns, project_id: int) -> Columns:
    models = sa.select(Account.id).where(Account.kind.not_in(PEOPLE))
    return statement.where(Rating.project_id == project_id, Rating.planned, Rating.reviewer_id.not_in(models))


def _within(statement: Columns, since: datetime | None, until: datetime | None) -> Columns:
    statement = statement.join(
        Assignment,
        sa.and_(
            Assignment.project_id == Rating.project_id,
            Assignment.task_id == Rating.task_id,
            Assignment.reviewer_id == Rating.reviewer_id,
        ),
    )
    if since:
        statement = statement.where(Assignment.submitted_at >= since)
    return statement.where(Assignment.submitted_at < until) if until else statement


def answers_of_tasks(session: Session, project_id: int, task_ids: Sequence[int]) -> list[GivenAnswer]:
    """The counted answers of some tasks, ordered by task, criterion and reviewer."""
    columns: Columns = sa.select(Rating.task_id, Rating.criterion_id, Rating.reviewer_id, Rating.level, Rating.value)
    rows = session.execute(
        _of_people(columns, project_id)
        .where(Rating.task_id.in_(task_ids))
        .order_by(Rating.task_id, Rating.criterion_id, Rating.reviewer_id)
    )
    return [GivenAnswer(row[0], row[1], row[2], Answer(row[3], row[4])) for row in rows]
