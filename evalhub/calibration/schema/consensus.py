"""What the answers of several reviewers to one criterion come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Answer(NamedTuple):
    """A rank (0 = worst), or a value where the criterion has a range; with neither it is "not applicable"."""

    rank: int | None = None
    value: float | None = None

    @property
    def is_not_applicable(self) -> bool:
        return self.rank is None and self.value is None

    def columns(self) -> dict[str, object]:
        """The three columns in which a table keeps an answer."""
        return {"level": self.rank, "value": self.value, "not_applicable": self.is_not_applicable}


class ConsensusState(StrEnum):
    RATED = "rated"
    NOT_APPLICABLE = "not_applicable"
    PENDING = "pending"


class ConsensusMethod(StrEnum):
    """The rule that gave a consensus; `NONE` where it is pending."""

    SINGLE = "single"
    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    MEDIAN = "median"
    NOT_APPLICABLE = "not_applicable"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Consensus:
    """Rank or value is given when the state is `rated`; `n` counts all answers, "not applicable" among them."""

    state: ConsensusState
    method: ConsensusMethod
    rank: int | None
    value: float | None
    n: int


def consensus(scale: str, answers: Sequence[Answer]) -> Consensus:
    """The consensus of a criterion; never a level between two others, and never one that nobody gave.

    "Not applicable" wins with more than half of the answers and leaves the criterion pending with exactly half. Else
    it is settled among the levels given: nominal by more than half, any other scale by the middle answer, or by the
    two middle ones when they are equal.
    """
    n = len(answers)
    given = [answer for answer in answers if not answer.is_not_applicable]
    n_not_applicable = n - len(given)
    if 2 * n_not_applicable > n:
        return Consensus(ConsensusState.NOT_APPLICABLE, ConsensusMethod.NOT_APPLICABLE, None, None, n)
    if not given or 2 * n_not_applicable == n:
        return _pending(n)
    if n == 1:
        return _rated(given[0], ConsensusMethod.SINGLE, n)
    if n_not_applicable == 0 and all(answer == given[0] for answer in given):
        return _rated(given[0], ConsensusMethod.UNANIMOUS, n)
    if scale == "nominal":
        answer, votes = Counter(given).most_common(1)[0]
        return _rated(answer, ConsensusMethod.MAJORITY, n) if 2 * votes > len(given) else _pending(n)
    return _middle(given, n)


def _middle(given: list[Answer], n: int) -> Consensus:
    ordered = sorted(given, key=_place)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return _rated(low, ConsensusMethod.MEDIAN, n) if low == high else _pending(n)


def _place(answer: Answer) -> float:
    place = answer.rank if answer.value is None else answer.value
    assert place is not None
    return place


def _rated(answer: Answer, method: ConsensusMethod, n: int) -> Consensus:
    return Consensus(ConsensusState.RATED, method, answer.rank, answer.value, n)


def _pending(n: int) -> Consensus:
    return Consensus(ConsensusState.PENDING, ConsensusMethod.NONE, None, None, n)
