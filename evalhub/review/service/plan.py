"""Which tasks a batch is to have: for whom, in which order, and which two stand side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.datasets.queries import current_items
from evalhub.db import canonical_json
from evalhub.projects.models import Batch, Project
from evalhub.projects.queries import plan_of
from evalhub.projects.schema import Candidate, needs, ordered


@dataclass(frozen=True, slots=True)
class PlannedTask:
    item_id: int
    need: int
    skills: str
    ord: int
    partner_item_id: int | None


def planned_tasks(session: Session, project: Project, batch: Batch) -> list[PlannedTask]:
    """The batch's tasks in order of item id, those of withdrawn items among them, which may be restored.

    Of a pair one item takes part in the draw and the order; the other gets as many reviewers, and the next place.
    """
    columns = (Item.id, Item.external_id, Item.group_key, Item.model, Item.tags, Item.skills, Item.pair_id)
    of_batch = current_items(project.dataset_id).where(Item.import_id == batch.import_id)
    rows = session.execute(of_batch.with_only_columns(*columns).order_by(Item.id)).all()
    second_of = _pairs(rows) if project.pairs else {}
    seconds = set(second_of.values())
    candidates: list[Candidate] = []
    by_skills: dict[str, list[Candidate]] = defaultdict(list)
    for row in rows:
        if row.id in seconds:
            continue
        parts = [row.model or "" if key == "model" else canonical_json(row.tags) for key in project.stratify_by]
        candidate = Candidate(row.id, row.external_id, row.group_key, "\0".join(parts))
        candidates.append(candidate)
        by_skills[canonical_json(sorted(row.skills))].append(candidate)
    reviewers = needs(candidates, plan_of(project))
    planned: list[PlannedTask] = []
    for skills, members in by_skills.items():
        place = 0
        for item_id in ordered(members, project.queue_order, project.seed):
            for one, other in _side_by_side(item_id, second_of.get(item_id)):
                place += 1
                planned.append(PlannedTask(one, reviewers[item_id], skills, place, other))
    return sorted(planned, key=lambda task: task.item_id)


def _pairs(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> dict[int, int]:
    """The second item of each pair by its first: exactly two that answer one prompt and ask for the same skills."""
    by_pair: dict[str, list[sa.Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        if row.pair_id is not None:
            by_pair[row.pair_id].append(row)
    return {
        members[0].id: members[1].id
        for members in by_pair.values()
        if len(members) == 2 and len({(row.group_key, tuple(sorted(row.skills))) for row in members}) == 1
    }


def _side_by_side(item_id: int, second: int | None) -> Iterable[tuple[int, int | None]]:
    return ((item_id, None),) if second is None else ((item_id, second), (second, item_id))
