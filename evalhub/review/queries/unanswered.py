"""Which begun items a rubric version asks something of that they have no answer to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.db import canonical_json
from evalhub.projects.schema import Candidate
from evalhub.review.models import COUNTED_PURPOSES, Assignment, AssignmentState, Purpose, Task
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Rubric

UNTOUCHED = (AssignmentState.EXCLUDED, AssignmentState.SKIPPED)
"""States in which nobody's answer stands on a task, and nobody is at work on it."""
Question = tuple[str, str]
"""Key and fingerprint of a criterion: where both are the same, the same is asked."""


class Unanswered(NamedTuple):
    """A begun item that some criteria of a version were never asked of; `keys` in the rubric's order.

    `need` is how many reviewers its live task has by plan, `skills` canonical JSON.
    """

    candidate: Candidate
    keys: tuple[str, ...]
    need: int
    skills: str


def is_begun() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: somebody holds, wrote on or answered it, or the other task of its pair."""

    def taken(task_id: Any) -> sa.ColumnElement[bool]:
        return (
            sa.exists()
            .where(
                Assignment.project_id == Task.project_id,
                Assignment.task_id == task_id,
                Assignment.state.not_in(UNTOUCHED),
            )
            .correlate(Task)
        )

    return sa.or_(taken(Task.id), taken(Task.partner_id))


def unanswered(
    session: Session, project_id: int, version: RubricVersion, *, besides: int | None = None
) -> Iterator[Unanswered]:
    """The begun items that are not withdrawn or held and that the version asks something of that was never asked.

    Args:
        besides: id of a batch whose tasks are looked past, so that an adoption that goes on draws as it did before.
    """
    rubric = rubric_of(version)
    asked = _Asked(session)
    for _, rows in groupby(_tasks_by_item(session, project_id, besides), key=lambda row: row.item_id):
        tasks = list(rows)
        live = next((task for task in tasks if task.purpose is Purpose.LIVE), None)
        if live is None or live.held or not live.is_begun:
            continue
        covered = {question for task in tasks if not task.held for question in asked.of(task.version_id, task.criteria)}
        missing = tuple(
            criterion.key
            for criterion in rubric.applicable(live.tags)
            if (criterion.key, criterion.fingerprint) not in covered
        )
        if missing:
            candidate = Candidate(live.item_id, live.external_id, live.group_key, live.model or "")
            yield Unanswered(candidate, missing, live.need, canonical_json(sorted(live.skills)))


class _Asked:
    """What tasks of a version ask, each kind worked out once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[int, tuple[str, ...] | None], frozenset[Question]] = {}

    def of(self, version_id: int, criteria: Collection[str] | None) -> frozenset[Question]:
        kind = (version_id, None if criteria is None else tuple(criteria))
        if kind not in self._known:
            rubric = rubric_of(self._session.get_one(RubricVersion, version_id))
            self._known[kind] = questions(rubric.only(criteria))
        return self._known[kind]


def questions(rubric: Rubric) -> frozenset[Question]:
    return frozenset((criterion.key, criterion.fingerprint) for criterion in rubric.criteria)


def _tasks_by_item(session: Session, project_id: int, besides: int | None) -> sa.Result[*tuple[Any, ...]]:
    statement = (
        sa.select(
            Task.item_id,
            Task.purpose,
            Task.rubric_version_id.label("version_id"),
            Task.criteria,
            Task.need,
            Task.held,
            is_begun().label("is_begun"),
            Item.external_id,
            Item.group_key,
            Item.model,
            Item.tags,
            Item.skills,
        )
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), Item.withdrawn_at.is_(None))
        .order_by(Task.item_id, Task.id)
        .execution_options(yield_per=1000)
    )
    return session.execute(statement if besides is None else statement.where(Task.batch_id != besides))
