"""The long form: one row a rating. Needed wherever groups, reviewers or values count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalhub.errors import BadInput, Fault
from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.numbering import n_distinct, numbered

MAX_FAULTS = 100


@dataclass(frozen=True, eq=False, init=False)
class Ratings:
    """Ratings of one criterion, one row each; all arrays have shape (ratings,).

    `level` is the rank of the level (0 = worst) or, with `values`, the index into `values`; `group` names the items
    that answer one prompt.
    """

    unit: Ints
    rater: Ints
    level: Ints
    group: Ints
    n_levels: int
    values: Floats | None

    def __init__(
        self,
        unit: ArrayLike,
        rater: ArrayLike,
        level: ArrayLike,
        *,
        n_levels: int,
        group: ArrayLike | None = None,
        values: ArrayLike | None = None,
    ) -> None:
        """Check and keep the ratings; NaN for a level means missing, and the row is dropped.

        Args:
            group: default, every item is its own.
            values: the number each level stands for, shape (levels,).

        Raises:
            BadInput: a reviewer rated an item twice, a level lies outside 0 … n_levels − 1, an item is in two
                groups, or the arrays differ in length.
        """
        given = np.asarray(level, dtype=np.float64).reshape(-1)
        present = ~np.isnan(given)
        units, raters = _whole("unit", unit), _whole("rater", rater)
        groups = units if group is None else _whole("group", group)
        if not len(units) == len(raters) == len(groups) == len(given):
            raise BadInput("unit, rater, level and group must have the same length", code="schema")
        _refuse_out_of_domain(given, present, n_levels)
        kept = slice(None) if present.all() else present
        for name, column in (("unit", units), ("rater", raters), ("group", groups), ("level", given)):
            object.__setattr__(self, name, column[kept].astype(np.int64))
        object.__setattr__(self, "n_levels", n_levels)
        object.__setattr__(self, "values", None if values is None else np.asarray(values, dtype=np.float64))
        _refuse_duplicates(self.unit, self.rater, np.flatnonzero(present))
        _refuse_split_groups(self.unit, self.group)

    @classmethod
    def of_values(
        cls,
        unit: ArrayLike,
        rater: ArrayLike,
        value: ArrayLike,
        group: ArrayLike | None = None,
        domain: ArrayLike | None = None,
    ) -> Ratings:
        """Ratings that are numbers; the distinct numbers (or those of `domain`) become the levels.

        Raises:
            BadInput: also when a number is infinite or outside `domain`.
        """
        numbers = np.asarray(value, dtype=np.float64).reshape(-1)
        present = ~np.isnan(numbers)
        if np.isinf(numbers).any():
            raise BadInput("a rating is infinite; give finite numbers", code="schema")
        known = np.unique(numbers[present] if domain is None else np.asarray(domain, dtype=np.float64))
        index = np.searchsorted(known, numbers)
        inside = present.copy()
        inside[present] = known[np.minimum(index[present], len(known) - 1)] == numbers[present] if len(known) else False
        if (present & ~inside).any():
            first = numbers[present & ~inside][0]
            raise BadInput(f"the rating {first:g} is not one of the values that may be given", code="schema")
        return cls(
            unit,
            rater,
            np.where(present, index, np.nan),
            n_levels=max(len(known), 1),
            group=group,
            values=known if len(known) else None,
        )

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def n_reviewers(self) -> int:
        return n_distinct(self.rater)

    def numbers(self) -> Floats:
        """What each rating stands for as a number: its value, or the rank of its level."""
        return self.level.astype(np.float64) if self.values is None else self.values[self.level]

    def only(self, keep: ArrayLike) -> Ratings:
        """The ratings where `keep` (a mask or indices) says so."""
        rows = np.asarray(keep)
        return Ratings(
            self.unit[rows],
            self.rater[rows],
            self.level[rows],
            n_levels=self.n_levels,
            group=self.group[rows],
            values=self.values,
        )


def _whole(name: str, column: ArrayLike) -> Ints:
    array = np.asarray(column).reshape(-1)
    if array.size and array.dtype.kind not in "iu":
        raise BadInput(f"{name} must be whole numbers", code="schema")
    return array.astype(np.int64)


def _refuse_out_of_domain(given: Floats, present: Bools, n_levels: int) -> None:
    if n_levels < 1:
        raise BadInput("there must be at least one level", code="schema")
    wrong = present & ((given < 0) | (given >= n_levels) | (given != np.floor(given)))
    if wrong.any():
        rows = np.flatnonzero(wrong)
        faults = [
            Fault(
                "schema", f"{given[row]:g} is not a level; levels are the whole numbers 0 to {n_levels - 1}", f"[{row}]"
            )
            for row in rows[:MAX_FAULTS]
        ]
        raise BadInput(f"{len(rows)} ratings are outside the levels", faults=faults, total=len(rows))


def _refuse_duplicates(unit: Ints, rater: Ints, row: Ints) -> None:
    (_, unit_of), (raters, rater_of) = numbered(unit), numbered(rater)
    place = unit_of * len(raters) + rater_of
    if n_distinct(place) == len(place):
        return
    order = np.argsort(place, kind="stable")
    second = np.flatnonzero(place[order][1:] == place[order][:-1]) + 1
    faults = [
        Fault(
            "duplicate_rating",
            f"rows {row[order[at - 1]]} and {row[order[at]]} both rate unit {unit[order[at]]} "
            f"by rater {rater[order[at]]}; keep one",
        )
        for at in second[:MAX_FAULTS]
    ]
    raise BadInput("a reviewer rated an item twice", faults=faults, total=len(second))


def _refuse_split_groups(unit: Ints, group: Ints) -> None:
    units, unit_of = numbered(unit)
    group_of_unit = np.empty(len(units), dtype=np.int64)
    group_of_unit[unit_of] = group
    split = group_of_unit[unit_of] != group
    if split.any():
        raise BadInput(f"unit {unit[split.argmax()]} is in two groups; an item answers one prompt", code="schema")
