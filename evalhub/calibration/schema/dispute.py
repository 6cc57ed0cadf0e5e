"""Which tasks are disputed, judged by distinct answers: equal ones once, however many tasks there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import Flag, Question, triage

UNANSWERED = -1
Answers = tuple[Answer, ...]


@dataclass(frozen=True, eq=False)
class Judged:
    """One criterion in all tasks: `kind` is each task's place in `answers` and `flags`, −1 where nobody answered.

    `flips` marks the tasks in which those who pass the item and those who fail it differ here.
    """

    question: Question
    kind: NDArray[np.int64]
    answers: Sequence[Answers]
    flags: Sequence[tuple[Flag, ...]]
    flips: NDArray[np.bool_]

    def flags_at(self, task: int) -> tuple[Flag, ...]:
        """The flags of the criterion in one task."""
        if self.kind[task] == UNANSWERED:
            return ()
        raised = self.flags[self.kind[task]]
        return (*raised, Flag.FLIP) if self.flips[task] else raised

    @property
    def is_disputed(self) -> NDArray[np.bool_]:
        raised = np.array([bool(flags) for flags in self.flags] + [False], dtype=np.bool_)
        return raised[self.kind] | self.flips

    def count(self) -> Counter[Flag]:
        """Tasks a flag; a task may raise several."""
        n = np.bincount(self.kind[self.kind >= 0], minlength=len(self.flags))
        found: Counter[Flag] = Counter()
        for flags, tasks in zip(self.flags, n.tolist(), strict=True):
            for flag in flags:
                found[flag] += tasks
        found[Flag.FLIP] += int(self.flips.sum())
        return +found


def most_urgent(judged: Sequence[Judged]) -> list[tuple[int, float]]:
    """The disputed tasks (their places) with their triage, the most urgent first, then the oldest."""
    if not judged:
        return []
    disputed = np.flatnonzero(np.logical_or.reduce([one.is_disputed for one in judged]))
    answers = np.column_stack([column for one in judged for column in (one.kind, one.flips)])[disputed]
    _, first, alike = np.unique(answers, axis=0, return_index=True, return_inverse=True)
    urgency = np.array([_triage(judged, int(task)) for task in disputed[first]])[alike.reshape(-1)]
    order = np.lexsort((disputed, -urgency))
    return list(zip(disputed[order].tolist(), urgency[order].tolist(), strict=True))


def _triage(judged: Sequence[Judged], task: int) -> float:
    return triage(
        (one.question, one.answers[one.kind[task]], one.flags_at(task))
        for one in judged
        if one.kind[task] != UNANSWERED
    )
