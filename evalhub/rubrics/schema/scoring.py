"""From the consensus of each criterion to the score of the item."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalhub.rubrics.schema.models import Criterion, OverallLevel, PassRule, Rubric, Scoring

ROUNDING = 1e-9
"""A sum of floats that misses the bound of the pass rule by this much still reaches it."""


@dataclass(frozen=True, slots=True)
class CriterionOutcome:
    """The consensus on one criterion; `rated` has a rank, or a value where the criterion has a range."""

    state: Literal["rated", "not_applicable", "pending", "undefined"]
    rank: int | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Overall:
    """The item's score; undefined as a whole, with a reason, or defined as a whole.

    `passed` is None when the rubric has no pass rule (unless a critical criterion failed). Of an undefined outcome
    only `failed` means something: that a critical criterion is at its worst level already.
    """

    defined: bool
    score: float | None
    level: OverallLevel | None
    passed: bool | None
    failed: bool
    undefined_because: str = ""


def score(
    rubric: Rubric, consensus: Mapping[str, CriterionOutcome], item_tags: Collection[str] = frozenset()
) -> Overall:
    """The overall score of an item with these tags, from the consensus by criterion key.

    Undefined while a criterion that applies is pending, missing or undefined, when none applies, and with
    scoring `points` when no criterion that applies has positive points.
    """
    rated: list[tuple[Criterion, CriterionOutcome]] = []
    waiting: list[str] = []
    for criterion in rubric.applicable(item_tags):
        outcome = consensus.get(criterion.key, CriterionOutcome("undefined"))
        if outcome.state == "rated":
            rated.append((criterion, outcome))
        elif outcome.state != "not_applicable":
            waiting.append(f"{criterion.key} is {outcome.state}")
    failed = any(criterion.critical and criterion.is_worst(rank=o.rank, value=o.value) for criterion, o in rated)
    if waiting:
        return _undefined(failed, ", ".join(waiting))
    if not rated:
        return _undefined(failed, "no criterion applies")
    total = _total(rubric.scoring, rated)
    if total is None:
        return _undefined(failed, "no criterion that applies has positive points")
    if failed:
        total = _score_when_failed(rubric.scoring, total)
    level = OverallLevel.UNACCEPTABLE if failed else _lowest_level(rated)
    return Overall(
        defined=True, score=total, level=level, failed=failed, passed=_passes(rubric.pass_rule, total, level, failed)
    )


def _undefined(failed: bool, reason: str) -> Overall:
    return Overall(defined=False, score=None, level=None, passed=None, failed=failed, undefined_because=reason)


def _total(scoring: Scoring, rated: Sequence[tuple[Criterion, CriterionOutcome]]) -> float | None:
    shares = [criterion.share(rank=outcome.rank, value=outcome.value) for criterion, outcome in rated]
    if scoring == Scoring.WORST_LEVEL:
        return min(shares)
    if scoring == Scoring.WEIGHTED_MEAN:
        weights = [criterion.weight for criterion, _ in rated]
        return _sum_of_products(weights, shares) / math.fsum(weights)
    points = [criterion.points or 0.0 for criterion, _ in rated]
    if scoring == Scoring.PENALTY:
        return _sum_of_products(points, [1 - share for share in shares]) + 0.0
    positive = math.fsum(point for point in points if point > 0)
    return _sum_of_products(points, shares) / positive if positive > 0 else None


def _sum_of_products(left: Sequence[float], right: Sequence[float]) -> float:
    """Exactly rounded, so that the order of the criteria leaves no trace."""
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def _score_when_failed(scoring: Scoring, total: float) -> float:
    if scoring == Scoring.PENALTY:
        return total
    return min(total, 0.0) if scoring == Scoring.POINTS else 0.0


def _lowest_level(rated: Sequence[tuple[Criterion, CriterionOutcome]]) -> OverallLevel:
    levels = (criterion.maps_to(rank=outcome.rank, value=outcome.value) for criterion, outcome in rated)
    return min(levels, key=lambda level: level.rank)


def _passes(rule: PassRule | None, total: float, level: OverallLevel, failed: bool) -> bool | None:
    if failed:
        return False
    if rule is None:
        return None
    if rule.level_at_least is not None:
        return level.rank >= rule.level_at_least.rank
    assert rule.score_at_least is not None
    return total >= rule.score_at_least - ROUNDING
