"""When a criterion of a task is disputed, and which dispute an adjudicator should see first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from evalhub.calibration.schema.consensus import Answer, ConsensusState, consensus
from evalhub.projects.schema import Flags
from evalhub.rubrics.schema.models import Criterion

SPAN = 2
ROUNDING = 1e-9
STEP = 1e-6
"""Weighted distances that differ by less are equal in the queue."""


class Flag(StrEnum):
    SPAN = "span"
    CRITICAL = "critical"
    APPLICABILITY = "applicability"
    NO_CONSENSUS = "no_consensus"
    INFLUENCE = "influence"
    FLIP = "pass_flip"


FLAG_WORDS: dict[Flag, str] = {
    Flag.SPAN: "far apart",
    Flag.CRITICAL: "critical, and some gave the worst level",
    Flag.APPLICABILITY: "applicable or not",
    Flag.NO_CONSENSUS: "no consensus",
    Flag.INFLUENCE: "lowers the agreement of the whole project",
    Flag.FLIP: "passes by some, fails by others",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the rules need to know of a criterion; `low` and `high` bound a range and are 0 where there are levels."""

    scale: str
    n_levels: int
    critical: bool = False
    weight: float = 1.0
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, criterion: Criterion) -> Question:
        scale = criterion.range
        return cls(
            scale=criterion.scale.value,
            n_levels=len(criterion.levels),
            critical=criterion.critical,
            weight=criterion.weight,
            low=scale.min if scale else 0.0,
            high=scale.max if scale else 0.0,
        )

    @property
    def has_range(self) -> bool:
        return self.n_levels == 0


def flags_of(question: Question, answers: Sequence[Answer], rules: Flags) -> tuple[Flag, ...]:
    """The flags that one criterion's answers alone raise under a project's rules.

    `INFLUENCE` depends on all items of the project and `FLIP` on all criteria of the item: see `influence.py` and
    `flips.py`.
    """
    raised = {
        Flag.SPAN: rules.span and _is_far_apart(question, answers),
        Flag.CRITICAL: rules.critical and question.critical and _is_split_at_worst(question, answers),
        Flag.APPLICABILITY: rules.applicability and _is_split(answer.is_not_applicable for answer in answers),
        Flag.NO_CONSENSUS: rules.no_consensus
        and bool(answers)
        and consensus(question.scale, answers).state is ConsensusState.PENDING,
    }
    return tuple(flag for flag, is_raised in raised.items() if is_raised)


def distance(question: Question, answers: Sequence[Answer]) -> float:
    """Mean difference of two answers, from 0 to 1: squared share of the scale; 1 for unequal nominal levels.

    "Not applicable" against a level counts as 1. 0 with fewer than two answers.
    """
    pairs = list(combinations(answers, 2))
    return sum(_apart(question, a, b) for a, b in pairs) / len(pairs) if pairs else 0.0


def triage(criteria: Iterable[tuple[Question, Sequence[Answer], Sequence[Flag]]]) -> float:
    """The place of a case in the queue, highest first; equal ones by age.

    A critical split comes before everything, then a span of two levels, then applicability, then the distance of the
    answers weighted by criterion, then a flip of pass and fail. It depends on the task's own answers alone, so that it
    never has to be computed anew for the cases that wait.

    Args:
        criteria: every criterion of the item that was answered; those without a flag lower the weighted distance.

    Returns:
        8, 4 and 2 for the first three, the distance from 0 to 1 in steps of a millionth, and half a step for a flip.
    """
    listed = list(criteria)
    raised = {flag for _, _, flags in listed for flag in flags}
    total = sum(question.weight for question, _, _ in listed)
    weighted = sum(question.weight * distance(question, answers) for question, answers, _ in listed)
    steps = 8 * (Flag.CRITICAL in raised) + 4 * (Flag.SPAN in raised) + 2 * (Flag.APPLICABILITY in raised)
    apart = round(weighted / total / STEP) * STEP if total else 0.0
    return steps + apart + STEP / 2 * (Flag.FLIP in raised)


def _is_far_apart(question: Question, answers: Sequence[Answer]) -> bool:
    if question.scale == "nominal":
        return False
    if question.has_range:
        values = [answer.value for answer in answers if answer.value is not None]
        third = (question.high - question.low) / 3
        return len(values) > 1 and max(values) - min(values) >= third * (1 - ROUNDING)
    ranks = [answer.rank for answer in answers if answer.rank is not None]
    return len(ranks) > 1 and max(ranks) - min(ranks) >= SPAN


def _is_split_at_worst(question: Question, answers: Sequence[Answer]) -> bool:
    if question.has_range:
        return _is_split(answer.value is not None and answer.value <= question.low for answer in answers)
    return _is_split(answer.rank == 0 for answer in answers)


def _is_split(says: Iterable[bool]) -> bool:
    return len(set(says)) > 1


def _apart(question: Question, a: Answer, b: Answer) -> float:
    if a == b:
        return 0.0
    if question.scale == "nominal" or a.is_not_applicable or b.is_not_applicable:
        return 1.0
    if a.value is not None and b.value is not None:
        return ((a.value - b.value) / (question.high - question.low)) ** 2
    assert a.rank is not None
    assert b.rank is not None
    return ((a.rank - b.rank) / (question.n_levels - 1)) ** 2
