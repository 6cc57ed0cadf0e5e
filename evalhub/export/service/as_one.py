"""The tasks of an item as one record: what it came to, and by which version of the rubric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evalhub.adjudication.schema import Outcome
from evalhub.export.queries.graded import Graded
from evalhub.export.queries.scope import Candidate
from evalhub.export.schema.options import ItemState
from evalhub.review.queries.standing import AskedTask, asks, standing
from evalhub.rubrics.schema import Rubric


@dataclass(frozen=True, slots=True)
class AsOne:
    """`tasks` begins with the live one; `outcomes` is by criterion, each with its task."""

    tasks: Sequence[Candidate]
    rubric_version_id: int
    outcomes: Mapping[str, tuple[Outcome, Candidate]]
    state: ItemState
    finalized_at: datetime | None


def as_one(tasks: Sequence[Candidate], found: Graded, rubrics: Mapping[int, Rubric], current: int) -> AsOne:
    """Join what the tasks of an item came to; one task alone stands as it is.

    Args:
        rubrics: by version id.
        current: id of the version that the project uses.
    """
    asked = [
        AskedTask(task.task_id, task.rubric_version_id, task.criteria, task.task_id in found.complete) for task in tasks
    ]
    stands = standing(asked, tasks[0].tags, rubrics, current)
    rubric = rubrics[stands.version_id]
    outcomes = {
        outcome.criterion: (outcome, candidate)
        for candidate, task in zip(tasks, asked, strict=True)
        for outcome in found.outcomes.get(task.id, {}).values()
        if stands.task_of.get(outcome.criterion, tasks[0].task_id) == task.id
        and (criterion := rubric.criterion(outcome.criterion)) is not None
        and asks(task, criterion, rubrics)
    }
    used = set(stands.task_of.values())
    state = _state(used, [outcome for outcome, _ in outcomes.values()], found)
    settled = [found.settled_at[task_id] for task_id in used if task_id in found.settled_at]
    finalized_at = max(settled) if settled and state is ItemState.FINAL else None
    return AsOne(tasks, stands.version_id, outcomes, state, finalized_at)


def _state(used: set[int], outcomes: Sequence[Outcome], found: Graded) -> ItemState:
    """A case about a question that the record no longer asks leaves it final."""
    if len(used) == 1:
        return found.states[next(iter(used))]
    is_pending = any(outcome.state == "pending" for outcome in outcomes)
    return ItemState.ADJUDICATION_PENDING if is_pending else ItemState.FINAL
