"""Under which version of the rubric an item stands, and which of its tasks each score comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evalhub.rubrics.schema import Criterion, Rubric


class AskedTask(NamedTuple):
    """A task of an item by what it asks; `criteria` is None where it asks its whole version."""

    id: int
    version_id: int
    criteria: Collection[str] | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """`task_of` names the task that answers a criterion, by its key."""

    version_id: int
    task_of: Mapping[str, int]


def standing(
    tasks: Sequence[AskedTask], tags: Collection[str], rubrics: Mapping[int, Rubric], current: int
) -> Standing:
    """The current version where complete tasks of the item answer all that it asks, else the last one of which so much
    can be said, else that of the live task.

    A question is told by key and fingerprint, so an answer stands for every version that asks the same; where two
    tasks ask it, the later one answers.

    Args:
        tasks: of one item whose ratings count, the live one first, the others in order of id.
        tags: of the item.
        rubrics: by version id, the current one and those of the tasks among them.
        current: id of the version that the project uses.
    """
    for version_id in dict.fromkeys([current, *(task.version_id for task in reversed(tasks))]):
        asked = rubrics[version_id].applicable(tags)
        found = {criterion.key: task.id for task in tasks for criterion in _answered(task, asked, rubrics)}
        if asked and len(found) == len(asked):
            return Standing(version_id, found)
    live = tasks[0]
    return Standing(live.version_id, {criterion.key: live.id for criterion in rubrics[live.version_id].criteria})


def _answered(task: AskedTask, asked: Iterable[Criterion], rubrics: Mapping[int, Rubric]) -> list[Criterion]:
    """Those of the criteria that a complete task asks."""
    return [criterion for criterion in asked if task.is_complete and asks(task, criterion, rubrics)]


def asks(task: AskedTask, criterion: Criterion, rubrics: Mapping[int, Rubric]) -> bool:
    """Whether the task asks this very question."""
    if task.criteria is not None and criterion.key not in task.criteria:
        return False
    own = rubrics[task.version_id].criterion(criterion.key)
    return own is not None and own.fingerprint == criterion.fingerprint
