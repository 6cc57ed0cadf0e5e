"""From the ratings of a criterion to the disputes they make."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from evalhub.calibration.queries import Asked, CountedRatings, CountedTasks
from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.dispute import UNANSWERED, Answers, Judged
from evalhub.calibration.schema.flags import Flag, flags_of
from evalhub.calibration.schema.influence import Pattern, lowers_alpha
from evalhub.projects.schema import Flags
from evalhub.stats.counts import distinct_rows


def judged(asked: Asked, found: CountedRatings, tasks: CountedTasks, rules: Flags) -> Judged:
    """The flags of a criterion in every complete task, apart from flips of pass and fail."""
    kind, answers = _by_value(found, len(tasks)) if asked.criterion.range else _by_level(asked, found, len(tasks))
    flags = [flags_of(asked.question, given, rules) for given in answers]
    if rules.influence is not None:
        flags = _with_influence(asked, kind, answers, flags, rules.influence)
    kind = np.where(tasks.is_complete, kind, UNANSWERED)
    return Judged(asked.question, kind, answers, flags, np.zeros(len(tasks), dtype=np.bool_))


def _by_level(asked: Asked, found: CountedRatings, n_tasks: int) -> tuple[NDArray[np.int64], list[Answers]]:
    """Each task's kind of answers, in the order of the levels with "not applicable" last."""
    n_levels = len(asked.criterion.levels)
    place = np.where(found.is_not_applicable, n_levels, found.place).astype(np.int64)
    size = n_levels + 1
    counts = np.bincount(found.at * size + place, minlength=n_tasks * size).reshape(n_tasks, size)
    rows, kind = distinct_rows(counts)
    answers = [Answer(rank=rank) for rank in range(n_levels)] + [Answer()]
    given = [tuple(answer for answer, n in zip(answers, row, strict=True) for _ in range(n)) for row in rows.tolist()]
    return np.where(counts.sum(axis=1) > 0, kind, UNANSWERED), given


def _by_value(found: CountedRatings, n_tasks: int) -> tuple[NDArray[np.int64], list[Answers]]:
    by_task: dict[int, list[float]] = {}
    for task, place in zip(found.at.tolist(), found.place.tolist(), strict=True):
        by_task.setdefault(task, []).append(place)
    kinds: dict[Answers, int] = {}
    kind = np.full(n_tasks, UNANSWERED, dtype=np.int64)
    for task, places in by_task.items():
        given = tuple(Answer() if np.isnan(place) else Answer(value=place) for place in sorted(places))
        kind[task] = kinds.setdefault(given, len(kinds))
    return kind, list(kinds)


def _with_influence(
    asked: Asked,
    kind: NDArray[np.int64],
    answers: list[Answers],
    flags: list[tuple[Flag, ...]],
    threshold: float,
) -> list[tuple[Flag, ...]]:
    """Judged by distinct patterns: an item's influence is that of its pattern."""
    ranks = [Counter(answer.rank for answer in given) for given in answers]
    patterns: list[Pattern] = [tuple(n[level.rank] for level in asked.criterion.levels) for n in ranks]
    counts: Counter[Pattern] = Counter()
    for pattern, n_tasks in zip(patterns, np.bincount(kind[kind >= 0], minlength=len(answers)).tolist(), strict=True):
        counts[pattern] += n_tasks
    return [
        (*raised, Flag.INFLUENCE)
        if lowers_alpha(asked.criterion, pattern, counts, pattern, threshold=threshold)
        else raised
        for raised, pattern in zip(flags, patterns, strict=True)
    ]
