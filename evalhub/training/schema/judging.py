"""Hold a reviewer's answers against the reference of a gold item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evalhub.rubrics.schema.models import Criterion, Scale

FAR = 2
"""Levels."""
FAR_SHARE = 1 / 3
"""Of a range; the same distance opens a case among reviewers."""


class Closeness(StrEnum):
    EXACT = "exact"
    NEAR = "near"
    """Off, but by less than two levels."""
    FAR = "far"


@dataclass(frozen=True, slots=True)
class Known:
    """One answer: a rank, a value, or with neither "not applicable"."""

    rank: int | None = None
    value: float | None = None

    @property
    def is_not_applicable(self) -> bool:
        return self.rank is None and self.value is None


@dataclass(frozen=True, slots=True)
class Judged:
    """How the answers on one item compare with its reference, by criterion key."""

    closeness: Mapping[str, Closeness]
    is_right: bool


def closeness(criterion: Criterion, given: Known, reference: Known, *, near: float) -> Closeness:
    """How far an answer is from the reference.

    "Not applicable" against a level is far: it is another answer in kind. Nominal levels have no distance, so another
    one is off, never far.

    Args:
        near: the share of a range within which a number is exact.
    """
    if given == reference:
        return Closeness.EXACT
    if given.is_not_applicable or reference.is_not_applicable:
        return Closeness.FAR
    if criterion.range is not None:
        off = abs(criterion.share(value=given.value) - criterion.share(value=reference.value))
        if off <= near + 1e-9:
            return Closeness.EXACT
        return Closeness.FAR if off >= FAR_SHARE - 1e-9 else Closeness.NEAR
    assert given.rank is not None
    assert reference.rank is not None
    is_far = criterion.scale is not Scale.NOMINAL and abs(given.rank - reference.rank) >= FAR
    return Closeness.FAR if is_far else Closeness.NEAR


def judged(
    criteria: Mapping[str, Criterion], given: Mapping[str, Known], reference: Mapping[str, Known], *, near: float
) -> Judged:
    """Whether an item is right: every critical criterion exact, none far, at least two thirds exact.

    Only criteria with a reference count; one without an answer is far.
    """
    found = {
        key: closeness(criteria[key], given[key], answer, near=near) if key in given else Closeness.FAR
        for key, answer in reference.items()
    }
    n_exact = sum(close is Closeness.EXACT for close in found.values())
    is_right = (
        3 * n_exact >= 2 * len(found)
        and Closeness.FAR not in found.values()
        and all(close is Closeness.EXACT for key, close in found.items() if criteria[key].critical)
    )
    return Judged(found, is_right)
