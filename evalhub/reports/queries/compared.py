"""What the items of each model came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from evalhub.adjudication.queries import settled
from evalhub.calibration.queries import is_complete
from evalhub.datasets.models import Item
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.review.models import COUNTED_PURPOSES, Purpose, Task
from evalhub.review.queries.standing import AskedTask, Standing, standing
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import CriterionOutcome, Overall, Rubric, score
from evalhub.rubrics.schema.diff import diff

AT_ONCE = 500
UNDEFINED_LEVEL = -1
SAME_ITEM = sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id)

Progress = Callable[[int, int | None, str], None]


class Answered(NamedTuple):
    """An item of the project by its live task, and which model answered it.

    `stands` says by which version it is scored, and from which of its tasks; `is_complete` that all of these are.
    """

    task_id: int
    group: str
    model: str | None
    tags: list[str]
    stands: Standing
    is_complete: bool

    @property
    def version_id(self) -> int:
        return self.stands.version_id

    @property
    def task_ids(self) -> set[int]:
        return set(self.stands.task_of.values())


@dataclass(frozen=True, eq=False)
class ComparedItems:
    """The fully reviewed items of named models, one entry an item, ascending by task.

    `group` numbers the prompts, `model` is the place in `models`. Score and `passed` are NaN where undefined, level
    is −1 there.
    """

    task: NDArray[np.int64]
    group: NDArray[np.int64]
    model: NDArray[np.int64]
    models: tuple[str, ...]
    score: NDArray[np.float64]
    passed: NDArray[np.float64]
    level: NDArray[np.int64]
    n_unnamed: int
    n_unfinished: int
    n_other_version: int


def compared_items(session: Session, project: Project, progress: Progress) -> ComparedItems:
    """Read and score the items of a project that are not withdrawn, some hundred at a time.

    Only versions of the rubric enter whose scores and passes can be compared with the current one's.
    """
    n_named, n_unnamed = _n_items(session, project.id)
    tasks = _reviewed_tasks_by_item(session, project.id)
    used = _rubrics(session, project, {task.rubric_version_id for of_item in tasks for task in of_item})
    answered = [_as_one(of_item, used, project.rubric_version_id) for of_item in tasks]
    current = used[project.rubric_version_id]
    rubrics = {version_id: rubric for version_id, rubric in used.items() if diff(rubric, current).pass_comparable}
    complete = [one for one in answered if one.model and one.is_complete]
    kept = [one for one in complete if one.version_id in rubrics]
    overall: list[Overall] = []
    for start in range(0, len(kept), AT_ONCE):
        progress(start, len(kept), "scoring the items")
        overall += _overall(session, project.id, kept[start : start + AT_ONCE], rubrics)
    models = sorted({one.model for one in kept if one.model})
    return ComparedItems(
        task=np.array([one.task_id for one in kept], dtype=np.int64),
        group=_numbered([one.group for one in kept]),
        model=np.array([models.index(one.model) for one in kept if one.model], dtype=np.int64),
        models=tuple(models),
        score=np.array([np.nan if one.score is None else one.score for one in overall], dtype=np.float64),
        passed=np.array([np.nan if one.passed is None else one.passed for one in overall], dtype=np.float64),
        level=np.array([one.level.rank if one.level else UNDEFINED_LEVEL for one in overall], dtype=np.int64),
        n_unnamed=n_unnamed,
        n_unfinished=n_named - len(complete),
        n_other_version=len(complete) - len(kept),
    )


def _n_items(session: Session, project_id: int) -> tuple[int, int]:
    """How many items name their model, and how many do not."""
    is_named = sa.func.coalesce(Item.model, "") != ""
    n_items = sa.func.count(Task.item_id.distinct())
    found = sa.select(n_items.filter(is_named), n_items.filter(~is_named)).join(Item, SAME_ITEM)
    named, unnamed = session.execute(found.where(*_counted(project_id))).one()
    return named, unnamed


def _reviewed_tasks_by_item(session: Session, project_id: int) -> list[list[sa.Row[*tuple[Any, ...]]]]:
    """The tasks of each item that has a complete one, the live one first, in the order of the live ones.

    Of a large project that has just begun these are few.
    """
    reviewed = sa.select(Task.item_id).where(
        Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), is_complete()
    )
    rows = session.execute(
        sa.select(
            Task.id,
            Task.item_id,
            Task.rubric_version_id,
            Task.criteria,
            Item.group_key,
            Item.model,
            Item.tags,
            is_complete().label("is_complete"),
        )
        .join(Item, SAME_ITEM)
        .where(*_counted(project_id), Task.item_id.in_(reviewed))
        .order_by(Task.purpose != Purpose.LIVE, Task.id)
    )
    found: dict[int, list[sa.Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(row)
    return list(found.values())


def _counted(project_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), Item.withdrawn_at.is_(None)


def _as_one(tasks: Sequence[sa.Row[*tuple[Any, ...]]], rubrics: dict[int, Rubric], current: int) -> Answered:
    live = tasks[0]
    asked = [AskedTask(task.id, task.rubric_version_id, task.criteria, bool(task.is_complete)) for task in tasks]
    stands = standing(asked, live.tags, rubrics, current)
    complete = {task.id for task in asked if task.is_complete}
    is_complete = complete.issuperset(stands.task_of.values())
    return Answered(live.id, live.group_key, live.model, live.tags, stands, is_complete)


def _rubrics(session: Session, project: Project, version_ids: set[int]) -> dict[int, Rubric]:
    """By version id, under the project's pass rule."""
    rules = rules_of(project)
    return {
        version_id: rules.applied_to(rubric_of(session.get_one(RubricVersion, version_id)))
        for version_id in {project.rubric_version_id, *version_ids}
    }


def _overall(
    session: Session, project_id: int, portion: Sequence[Answered], rubrics: dict[int, Rubric]
) -> list[Overall]:
    outcomes = settled(session, project_id, set[int]().union(*(one.task_ids for one in portion)))
    return [
        score(
            rubrics[one.version_id],
            {
                outcome.criterion: CriterionOutcome(outcome.state, outcome.rank, outcome.value)  # type: ignore[arg-type]
                for task_id in one.task_ids
                for outcome in outcomes.get(task_id, {}).values()
                if one.stands.task_of.get(outcome.criterion, task_id) == task_id
            },
            one.tags,
        )
        for one in portion
    ]


def _numbered(words: Sequence[str]) -> NDArray[np.int64]:
    places: dict[str, int] = {}
    return np.array([places.setdefault(one, len(places)) for one in words], dtype=np.int64)
