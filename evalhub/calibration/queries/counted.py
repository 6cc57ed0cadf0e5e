"""The ratings that count, as arrays: criterion by criterion, so that memory holds one criterion at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from evalhub.calibration.queries.asked import Asked
from evalhub.calibration.queries.people import Columns, People, of_people
from evalhub.datasets.models import Item
from evalhub.review.models import COUNTED_PURPOSES, IN_WORK, Assignment, AssignmentState, Rating, Task
from evalhub.rubrics.models import RubricVersion
from evalhub.stats import Ratings

CHUNK = 50_000


@dataclass(frozen=True, eq=False)
class CountedTasks:
    """The tasks whose ratings count, ascending by id; each array has one entry a task.

    `group` numbers the prompts, `mix` the kinds of items by model and tags, `tags` holds the tags of each kind;
    `rubric_version` is the number of the version that the task is graded on.
    """

    id: NDArray[np.int64]
    group: NDArray[np.int64]
    is_complete: NDArray[np.bool_]
    mix: NDArray[np.int64]
    rubric_version: NDArray[np.int64]
    tags: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.id)


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

    def of(self, people: People) -> CountedRatings:
        """Those of these people: somebody's first review may have come after they were read."""
        known = np.isin(self.reviewer, people.account)
        return CountedRatings(self.at[known], self.task[known], self.reviewer[known], self.place[known])


def counted_tasks(session: Session, project_id: int) -> CountedTasks:
    """The live and regrade tasks of a project whose items are not withdrawn."""
    rows = session.execute(
        sa.select(
            Task.id,
            Item.group_key,
            is_complete(),
            Item.model,
            sa.type_coerce(Item.tags, sa.Text),
            RubricVersion.number,
        )
        .join(RubricVersion, RubricVersion.id == Task.rubric_version_id)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), Item.withdrawn_at.is_(None))
        .order_by(Task.id)
        .execution_options(yield_per=CHUNK)
    )
    groups: dict[str, int] = {}
    mixes: dict[tuple[str | None, str], int] = {}
    parts = [
        np.array(
            [
                (
                    task_id,
                    groups.setdefault(group, len(groups)),
                    bool(complete),
                    mixes.setdefault((model, tags), len(mixes)),
                    version,
                )
                for task_id, group, complete, model, tags, version in part
            ],
            dtype=np.int64,
        )
        for part in rows.partitions()
    ]
    table = np.concatenate(parts) if parts else np.zeros((0, 5), dtype=np.int64)
    tags = tuple(frozenset(json.loads(text)) for _, text in mixes)
    return CountedTasks(table[:, 0], table[:, 1], table[:, 2].astype(np.bool_), table[:, 3], table[:, 4], tags)


def is_complete() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: every slot holds a review, or past ratings were imported."""

    def has(*states: AssignmentState) -> sa.ColumnElement[bool]:
        return sa.exists().where(
            Assignment.project_id == Task.project_id, Assignment.task_id == Task.id, Assignment.state.in_(states)
        )

    every_slot_is_filled = sa.and_(Task.free_slots == 0, ~has(*IN_WORK))
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
        since: only reviews submitted at or after this moment; a past rating without a time has that of its import.
        until: only reviews submitted before it.
    """
    place = sa.func.coalesce(Rating.value, Rating.level)
    columns: Columns = sa.select(Rating.task_id, Rating.reviewer_id, place)
    statement = of_people(columns, project_id).where(Rating.criterion_id.in_(asked.ids))
    if since or until:
        statement = _within(statement, since, until)
    parts = [
        np.array([tuple(row) for row in rows], dtype=np.float64)
        for rows in session.connection().execute(statement.execution_options(yield_per=CHUNK)).partitions()
    ]
    table = np.concatenate(parts) if parts else np.zeros((0, 3))
    task = table[:, 0].astype(np.int64)
    at = np.searchsorted(tasks.id, task)
    counts = np.zeros(len(task), dtype=np.bool_)
    inside = at < len(tasks.id)
    counts[inside] = tasks.id[at[inside]] == task[inside]
    return CountedRatings(at[counts], task[counts], table[counts, 1].astype(np.int64), table[counts, 2])


def as_ratings(asked: Asked, found: CountedRatings, tasks: CountedTasks, people: People) -> Ratings:
    """The levels or values given, for the figures; "not applicable" is no level and is left out.

    Items are named by their place in `tasks`, reviewers by theirs in `people`.
    """
    group, reviewer = tasks.group[found.at], people.place(found.reviewer)
    if asked.criterion.range is None:
        return Ratings(found.at, reviewer, found.place, n_levels=len(asked.criterion.levels), group=group)
    return Ratings.of_values(found.at, reviewer, found.place, group)


def applicability(found: CountedRatings, tasks: CountedTasks) -> Ratings:
    """Whether each reviewer held the criterion for applicable: level 0 = not applicable, 1 = applicable."""
    applies = (~found.is_not_applicable).astype(np.int64)
    return Ratings(found.at, found.reviewer, applies, n_levels=2, group=tasks.group[found.at])


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
