"""What a list of items can be narrowed to, and how far each of its items has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries.cases import is_blind
from evalhub.calibration.queries import is_complete
from evalhub.datasets.models import Item
from evalhub.db import canonical_json
from evalhub.projects.models import Project
from evalhub.reports.schema.items import ItemFilter, Stage, Wanted
from evalhub.review.models import (
    COUNTED_PURPOSES,
    IN_WORK,
    Assignment,
    AssignmentState,
    QueueReviewer,
    Rating,
    RatingTag,
    Task,
    same_item,
)
from evalhub.review.queries.hidden import may_still_answer
from evalhub.review.queries.one_more import waits_for_one_more
from evalhub.review.queries.progress import DONE
from evalhub.review.queries.stuck import cannot_reach_overlap
from evalhub.rubrics.models import Criterion, Level, RubricVersion

BEGUN = (*DONE, *IN_WORK)
GRADED = (*DONE, AssignmentState.EXTRA)


def is_hidden(session: Session, project_id: int, account_id: int) -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: the account must not see others' work on its item.

    It may still answer it, or it graded it and the case is open. Whoever never reviewed in the project is asked once.
    """
    has_had = sa.exists().where(Assignment.project_id == project_id, Assignment.reviewer_id == account_id)
    may_have = sa.exists().where(QueueReviewer.project_id == project_id, QueueReviewer.reviewer_id == account_id)
    if not session.scalar(sa.select(sa.or_(has_had, may_have))):
        return sa.false()
    return sa.or_(may_still_answer(account_id), sa.and_(has_open_case(), is_blind(account_id)))


def has_open_case() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: reviewers of its item differ, in this task or a regrade, and nobody has decided."""
    asked = aliased(Task)
    return (
        sa.exists(Case.task_id)
        .where(
            Case.project_id == asked.project_id,
            Case.task_id == asked.id,
            Case.state == CaseState.OPEN,
            same_item(asked, Task),
            asked.purpose.in_(COUNTED_PURPOSES),
        )
        .correlate(Task)
    )


def is_begun() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: somebody holds it, or has graded it."""
    return _has(Assignment.state.in_(BEGUN))


def stages() -> dict[Stage, sa.SQLColumnExpression[bool]]:
    """Of a `Task` in the statement: whether it is there; of each task exactly one holds."""
    complete, in_case, begun = is_complete(), has_open_case(), is_begun()
    return {
        Stage.HELD: Task.held,
        Stage.WAITING: sa.and_(~Task.held, ~begun),
        Stage.IN_REVIEW: sa.and_(~Task.held, begun, ~complete),
        Stage.IN_ADJUDICATION: sa.and_(~Task.held, complete, in_case),
        Stage.FINAL: sa.and_(~Task.held, begun, complete, ~in_case),
    }


def stage_of_row(session: Session, project_id: int, task_ids: Sequence[int]) -> dict[int, Stage]:
    """How far each of some tasks has come."""
    stage = sa.case(*((condition, stage.value) for stage, condition in stages().items()), else_=Stage.WAITING.value)
    rows = session.execute(sa.select(Task.id, stage).where(Task.project_id == project_id, Task.id.in_(task_ids)))
    return {task_id: Stage(found) for task_id, found in rows}


def conditions(session: Session, project_id: int, wanted: ItemFilter) -> list[sa.SQLColumnExpression[bool]]:
    """Of a `Task` with its `Item` in the statement."""
    found: list[sa.SQLColumnExpression[bool]] = []
    if wanted.wanted is not None:
        found.append(_wanted(project_id, wanted.wanted))
    if wanted.model:
        found.append(Item.model == wanted.model)
    if wanted.tag:
        found.append(sa.type_coerce(Item.tags, sa.Text).contains(canonical_json(wanted.tag), autoescape=True))
    if wanted.batch_id is not None:
        found.append(Task.batch_id == wanted.batch_id)
    if wanted.reviewer_id is not None:
        found.append(_has(Assignment.reviewer_id == wanted.reviewer_id, Assignment.state.in_((*GRADED, *IN_WORK))))
    if wanted.level is not None:
        found.append(_somebody_gave(_levels_named(session, project_id, *wanted.level)))
    if wanted.failure is not None:
        found.append(_somebody_ticked(_criteria_named(session, project_id, wanted.failure[0]), wanted.failure[1]))
    if wanted.text:
        columns: tuple[Any, ...] = (Item.external_id, Item.prompt, Item.response)
        found.append(sa.or_(*(column.startswith(wanted.text, autoescape=True) for column in columns)))
    return found


def _wanted(project_id: int, wanted: Wanted) -> sa.SQLColumnExpression[bool]:
    if wanted is Wanted.SCORED:
        return sa.and_(~Task.held, is_begun(), is_complete())
    if wanted is Wanted.BEGUN:
        return sa.and_(~Task.held, is_begun())
    if wanted is Wanted.ONE_MORE:
        return sa.and_(~Task.held, waits_for_one_more())
    if wanted is Wanted.STUCK:
        return Task.item_id.in_(cannot_reach_overlap(project_id).with_only_columns(Task.item_id))
    if wanted is Wanted.IN_ADJUDICATION:
        asked = aliased(Task)
        of_cases = (
            sa.select(asked.item_id)
            .join(Case, sa.and_(Case.project_id == asked.project_id, Case.task_id == asked.id))
            .where(Case.project_id == project_id, Case.state == CaseState.OPEN)
        )
        return sa.and_(Task.item_id.in_(of_cases), stages()[Stage.IN_ADJUDICATION])
    return stages()[Stage(wanted.value)]


def _has(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return (
        sa.exists(Assignment.task_id)
        .where(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id, *conditions)
        .correlate(Task)
    )


def _somebody_gave(levels: Sequence[tuple[int, int]]) -> sa.ColumnElement[bool]:
    """A current rating gives one of these (criterion and rank); whoever is in the consensus, or late."""
    given = (sa.and_(Rating.criterion_id == criterion, Rating.level == rank) for criterion, rank in levels)
    return (
        sa.exists(Rating.task_id)
        .where(Rating.project_id == Task.project_id, Rating.task_id == Task.id, sa.or_(sa.false(), *given))
        .correlate(Task)
    )


def _somebody_ticked(criteria: Sequence[int], tag: str) -> sa.ColumnElement[bool]:
    return (
        sa.exists(RatingTag.task_id)
        .where(
            RatingTag.project_id == Task.project_id,
            RatingTag.task_id == Task.id,
            RatingTag.criterion_id.in_(criteria),
            RatingTag.tag == tag,
        )
        .correlate(Task)
    )


def _levels_named(session: Session, project_id: int, criterion: str, level: str) -> list[tuple[int, int]]:
    """The level in every version of the rubric that the project's tasks are graded by: criterion id and rank."""
    rows = session.execute(
        sa.select(Level.criterion_id, Level.rank).where(
            Level.criterion_id.in_(_criteria_named(session, project_id, criterion)), Level.key == level
        )
    )
    return [(row[0], row[1]) for row in rows]


def _criteria_named(session: Session, project_id: int, key: str) -> list[int]:
    """The criterion in every version of the project's rubric; looked up first, or the ratings are gone through."""
    of_project = sa.select(RubricVersion.rubric_id).join(Project, Project.rubric_version_id == RubricVersion.id)
    versions = sa.select(RubricVersion.id).where(
        RubricVersion.rubric_id == of_project.where(Project.id == project_id).scalar_subquery()
    )
    found = sa.select(Criterion.id).where(Criterion.key == key, Criterion.rubric_version_id.in_(versions))
    return list(session.scalars(found))
