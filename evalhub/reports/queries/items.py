"""The items of a project, as far as an account may see what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.export.queries.graded import graded
from evalhub.export.queries.scope import tasks_of_items
from evalhub.export.schema.options import ItemState
from evalhub.export.service.as_one import AsOne, as_one
from evalhub.projects.models import Batch, Project
from evalhub.projects.queries import rules_of
from evalhub.reports.queries.narrowed import conditions, has_open_case, is_hidden, stage_of_row
from evalhub.reports.schema.items import ItemFilter, ItemLine, ItemPage, Stage
from evalhub.review.models import REPLACED, Assignment, Purpose, Task
from evalhub.review.queries.progress import DONE
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import CriterionOutcome, Rubric, score
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset

PER_PAGE = 25
COUNTED = 1000
ITEMS_BY = {"added": Task.id, "item": Item.external_id}


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Who looks at a list. `decides_cases`: they may decide cases, and learn no model while one is open."""

    account_id: int
    decides_cases: bool


def item_page(session: Session, project: Project, onlooker: Onlooker, wanted: ItemFilter, listing: Listing) -> ItemPage:
    """Items in the order of the listing; one that was replaced stands there once, by its last revision.

    Of those that the onlooker is still to answer a line says no more than that they are there; a filter that tells of
    others' work, of the model or of the text leaves them out.
    """
    hidden = is_hidden(session, project.id, onlooker.account_id)
    hides_model = has_open_case() if onlooker.decides_cases else sa.false()
    model = sa.case((sa.or_(hidden, hides_model), None), else_=Item.model)
    found = (
        sa.select(Task, Item.external_id, model, Item.tags, Batch.name, hidden)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Batch, Batch.id == Task.batch_id)
        .where(
            Task.project_id == project.id,
            Task.purpose == Purpose.LIVE,
            sa.func.coalesce(Task.held_reason, "") != REPLACED,
            *conditions(session, project.id, wanted),
        )
    )
    if not wanted.tells_nothing:
        found = found.where(~hidden)
    if wanted.model:
        found = found.where(~hides_model)
    page = keyset(session, found, listing.order(ITEMS_BY, last=Task.id), listing.after, PER_PAGE)
    return ItemPage(
        lines=_lines(session, project, page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        total=_total(session, found, page),
    )


def _total(session: Session, found: sa.Select[*tuple[Any, ...]], page: Page[*tuple[Any, ...]]) -> int:
    """How many there are, one more than `COUNTED` where there are more; a list of one page is not counted anew."""
    if page.next_cursor is None and page.previous_cursor is None:
        return len(page.rows)
    keys = found.with_only_columns(Task.id).limit(COUNTED + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(keys)) or 0


def _lines(session: Session, project: Project, rows: Sequence[Any]) -> list[ItemLine]:
    shown = [row[0].id for row in rows if not row[5]]
    tasks = tasks_of_items(session, project, [row[0].item_id for row in rows if not row[5]])
    found = graded(
        session, project.id, sorted({*shown, *(one.task_id for of_item in tasks.values() for one in of_item)})
    )
    stages = stage_of_row(session, project.id, shown)
    done = _done(session, project.id, shown)
    rubrics = _rubrics(session, project, {one.rubric_version_id for of_item in tasks.values() for one in of_item})
    joined = {key: as_one(of_item, found, rubrics, project.rubric_version_id) for key, of_item in tasks.items()}
    lines = []
    for task, external_id, model, tags, batch, hides in rows:
        if hides:
            lines.append(ItemLine(task.public_id, external_id, tags, batch, is_hidden=True))
            continue
        lines.append(
            ItemLine(
                ref=task.public_id,
                external_id=external_id,
                tags=tags,
                batch=batch,
                is_hidden=False,
                model=model,
                stage=stages[task.id],
                held_reason=task.held_reason,
                done=done[task.id],
                slots=task.slots,
                updated_at=found.changed_at.get(task.id),
                **_came_to(rubrics, joined.get(task.item_id), tags, stages[task.id]),
            )
        )
    return lines


def _came_to(rubrics: dict[int, Rubric], joined: AsOne | None, tags: Sequence[str], stage: Stage) -> dict[str, Any]:
    """The score of a final item, and what of a complete one is undecided."""
    if joined is None:
        return {}
    outcomes = [outcome for outcome, _ in joined.outcomes.values()]
    undecided = [outcome.criterion for outcome in outcomes if outcome.state == "pending"]
    if joined.state is not ItemState.FINAL or stage is not Stage.FINAL:
        return {"undecided": undecided if stage in (Stage.FINAL, Stage.IN_ADJUDICATION) else ()}
    consensus = {
        outcome.criterion: CriterionOutcome(outcome.state, outcome.rank, outcome.value)  # type: ignore[arg-type]
        for outcome in outcomes
    }
    return {"overall": score(rubrics[joined.rubric_version_id], consensus, tags)}


def _done(session: Session, project_id: int, task_ids: Sequence[int]) -> Counter[int]:
    """How many reviews of each task are in."""
    rows = session.execute(
        sa.select(Assignment.task_id, sa.func.count())
        .where(Assignment.project_id == project_id, Assignment.task_id.in_(task_ids), Assignment.state.in_(DONE))
        .group_by(Assignment.task_id)
    )
    return Counter(dict(rows.all()))


def _rubrics(session: Session, project: Project, version_ids: set[int]) -> dict[int, Rubric]:
    """What the versions mean, the current one among them, with the pass rule of the project."""
    rules = rules_of(project)
    return {
        key: rules.applied_to(rubric_of(session.get_one(RubricVersion, key)))
        for key in {project.rubric_version_id, *version_ids}
    }
