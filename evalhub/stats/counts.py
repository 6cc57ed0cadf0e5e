"""Pattern counts: how many items show each vector of level counts.

With 3 levels and up to 5 reviewers there are at most 56 patterns, however many items, so whatever depends on the
counts only costs the same at a thousand and at a hundred million items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from evalhub.errors import BadInput
from evalhub.stats.figure import Bools, Floats, Ints
from evalhub.stats.numbering import numbered, span
from evalhub.stats.ratings import Ratings

MAX_CELLS = 200_000_000
MAX_KEY = 2**62
CHUNK_ROWS = 250_000


@dataclass(frozen=True, eq=False)
class Cells:
    """How many items of each pattern a group has, as triples sorted by group; groups are numbered from 0."""

    group: Ints
    pattern: Ints
    n: Ints


@dataclass(frozen=True, eq=False)
class UnitPatterns:
    """Which pattern each unit shows.

    Args:
        patterns: ratings a level, shape (patterns, levels); an empty one, of places without a unit, comes first.
        pattern_of: of each place, shape (places,).
        place: where the unit of each rating stands, counted from `first`.
    """

    patterns: Ints
    pattern_of: Ints
    place: Ints
    first: int = 0

    def of_rows(self, rows: slice) -> Ints:
        """The pattern that the unit of each of these ratings shows."""
        return self.pattern_of[self.place[rows] - self.first]


@dataclass(frozen=True, eq=False)
class PatternCounts:
    """Distinct patterns with how many items show each.

    Args:
        patterns: ratings a level, shape (patterns, levels).
        n_units: items a pattern, shape (patterns,).
        cells: the groups of items; None where every item is its own group.
        n_raters: how many reviewers there are, where that is known.
    """

    patterns: Ints
    n_units: Ints
    cells: Cells | None = None
    n_raters: int | None = None

    @classmethod
    def from_ratings(
        cls,
        unit: ArrayLike,
        level: ArrayLike,
        n_levels: int,
        group: ArrayLike | None = None,
        rater: ArrayLike | None = None,
    ) -> PatternCounts:
        """Count long-form ratings; with `rater`, a second rating of a unit by the same rater is refused.

        Raises:
            BadInput: see `Ratings`.
        """
        rows = np.asarray(level).reshape(-1)
        raters = np.arange(len(rows)) if rater is None else np.asarray(rater)
        counted = cls.of(Ratings(unit, raters, rows, n_levels=n_levels, group=group))
        return counted if rater is not None else cls(counted.patterns, counted.n_units, counted.cells, None)

    @classmethod
    def of(cls, ratings: Ratings) -> PatternCounts:
        """The pattern counts of long-form ratings."""
        units = unit_patterns(ratings)
        group = np.zeros(len(units.pattern_of), dtype=np.int64)
        for rows in row_chunks(len(ratings)):
            group[units.place[rows] - units.first] = ratings.group[rows]
        return cls.of_units(units.patterns, units.pattern_of, group, ratings.n_reviewers)

    @classmethod
    def from_unit_counts(
        cls, counts: ArrayLike, group: ArrayLike | None = None, n_raters: int | None = None
    ) -> PatternCounts:
        """Count the rows of a unit × level table of rating counts.

        Whatever the type of the table, it is counted in int64: sums of uint8 wrap round without a word.

        Raises:
            BadInput: the table is not two-dimensional, or a count is negative or no whole number.
        """
        patterns, pattern_of = distinct_rows(_count_table(counts))
        group = None if group is None else np.asarray(group, dtype=np.int64)
        return cls.of_units(patterns, pattern_of, group, n_raters)

    @classmethod
    def of_units(
        cls, patterns: Ints, pattern_of: Ints, group: Ints | None = None, n_raters: int | None = None
    ) -> PatternCounts:
        """From distinct patterns and the pattern of each unit; an empty pattern comes first and does not count."""
        if len(patterns) and not patterns[0].any():
            is_rated = pattern_of > 0
            patterns, pattern_of = patterns[1:], pattern_of[is_rated] - 1
            group = None if group is None else group[is_rated]
        n_units = np.bincount(pattern_of, minlength=len(patterns))
        cells = None if group is None else _cells(group, pattern_of, len(patterns))
        return cls(patterns, n_units, cells, n_raters)

    @classmethod
    def from_patterns(
        cls, n_of: Mapping[tuple[int, ...], int], n_levels: int, n_raters: int | None = None
    ) -> PatternCounts:
        """From `{(c_0, …, c_{V−1}): items}`, as the database keeps them; patterns without items are left out."""
        shown = {tuple(pattern): n for pattern, n in n_of.items() if n}
        table = _count_table(list(shown) if shown else np.zeros((0, n_levels)))
        if table.shape[1] != n_levels or min(shown.values(), default=1) < 0:
            raise BadInput(f"every pattern must have {n_levels} counts and be shown by some items", code="schema")
        kept = table.sum(axis=1) > 0
        return cls(table[kept], np.array(list(shown.values()), dtype=np.int64)[kept], None, n_raters)

    @property
    def n_levels(self) -> int:
        return int(self.patterns.shape[1])

    @cached_property
    def n_ratings(self) -> Ints:
        """Ratings of an item, a pattern."""
        return np.asarray(self.patterns.sum(axis=1), dtype=np.int64)

    @cached_property
    def is_pairable(self) -> Bools:
        return self.n_ratings >= 2

    @cached_property
    def is_split(self) -> Bools:
        """The patterns with ratings of more than one level."""
        return np.asarray((self.patterns > 0).sum(axis=1) > 1)

    @property
    def n_items(self) -> int:
        return int(self.n_units.sum())

    @property
    def n_pairable(self) -> int:
        return int(self.n_units[self.is_pairable].sum())

    @property
    def n_disagreeing(self) -> int:
        return int(self.n_units[self.is_split].sum())

    @cached_property
    def n_groups(self) -> int:
        """Groups with at least one pairable item: the others say nothing about agreement."""
        if self.cells is None:
            return self.n_pairable
        return len(np.unique(self.cells.group[self.is_pairable[self.cells.pattern]]))

    @cached_property
    def marginals(self) -> Ints:
        """Ratings a level in the pairable items."""
        return np.asarray((self.n_units * self.is_pairable) @ self.patterns, dtype=np.int64)

    @cached_property
    def distribution(self) -> Ints:
        """Ratings a level in all items."""
        return np.asarray(self.n_units @ self.patterns, dtype=np.int64)

    @cached_property
    def coincidences(self) -> Floats:
        """Krippendorff's coincidence matrix: pairs of ratings within items, each item weighing its ratings."""
        pairable = self.is_pairable
        rows = self.patterns[pairable].astype(np.float64)
        weight = self.n_units[pairable] / (self.n_ratings[pairable] - 1)
        pairs: Floats = (rows * weight[:, None]).T @ rows
        pairs[np.diag_indices(self.n_levels)] -= weight @ rows
        return pairs

    def carrying_another_than(self, level: int) -> int:
        """How many pairable items carry a rating of any other level than this."""
        other = self.n_ratings > self.patterns[:, level]
        return int(self.n_units[self.is_pairable & other].sum())


def row_chunks(n_rows: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK_ROWS) for start in range(0, max(n_rows, 1), CHUNK_ROWS))


def unit_patterns(ratings: Ratings) -> UnitPatterns:
    """The pattern of each unit.

    Units are counted as keys, one integer each, in chunks of rows: a table of units × levels, or the position of each
    row's unit, would be as large as the ratings.

    Raises:
        BadInput: see `unit_table`.
    """
    place, n_levels = ratings.unit, ratings.n_levels
    if not len(place):
        return UnitPatterns(np.zeros((0, n_levels), dtype=np.int64), place, place)
    if span(place) > len(place):
        place = numbered(place)[1]
    first, n_places = int(place.min()), span(place)
    n_given, key = np.zeros(n_places, dtype=np.int64), np.zeros(n_places, dtype=np.int64)
    for rows in row_chunks(len(place)):
        np.add.at(n_given, place[rows] - first, 1)
    base = int(n_given.max()) + 1
    if base**n_levels >= MAX_KEY:
        _, place, table = unit_table(ratings)
        return UnitPatterns(*distinct_rows(table), place)
    worth = base ** np.arange(n_levels, dtype=np.int64)
    for rows in row_chunks(len(place)):
        np.add.at(key, place[rows] - first, worth[ratings.level[rows]])
    distinct, pattern_of = numbered(key)
    return UnitPatterns(distinct[:, None] // worth % base, pattern_of, place, first)


def unit_table(ratings: Ratings) -> tuple[Ints, Ints, Ints]:
    """The units in order, the row of each rating's unit, and the level counts of each unit (units × levels).

    Raises:
        BadInput: the table would not fit in memory, as with very many distinct values.
    """
    units, position = numbered(ratings.unit)
    size = len(units) * ratings.n_levels
    if size > MAX_CELLS:
        many = f"{len(units)} items × {ratings.n_levels} distinct values are too many"
        raise BadInput(f"{many}; round the values", code="too_large")
    flat = np.bincount(position * ratings.n_levels + ratings.level, minlength=size)
    return units, position, flat.reshape(len(units), ratings.n_levels)


def _count_table(counts: ArrayLike) -> Ints:
    table = np.asarray(counts)
    if table.ndim != 2:
        raise BadInput("the counts must be a table of units × levels", code="schema")
    whole = table.astype(np.int64)
    if (table.dtype.kind not in "iu" and (whole != table).any()) or whole.min(initial=0) < 0:
        raise BadInput("counts of ratings must be whole numbers from 0", code="schema")
    return whole


def distinct_rows(table: Ints) -> tuple[Ints, Ints]:
    """Distinct rows, one of zeros first, and which one each row is; a row becomes one integer where 62 bits hold it."""
    base = int(table.max(initial=0)) + 1
    if base ** table.shape[1] < MAX_KEY:
        worth = base ** np.arange(table.shape[1], dtype=np.int64)
        distinct, row_of = numbered(table @ worth)
        return distinct[:, None] // worth % base, row_of
    rows, row_of = np.unique(table, axis=0, return_inverse=True)
    return rows, row_of.reshape(-1)


def _cells(group: Ints, pattern_of: Ints, n_patterns: int) -> Cells | None:
    """The groups' patterns; None where no two items share a group."""
    _, position = numbered(group)
    if len(position) == 0 or position.max() + 1 == len(position):
        return None
    key, cell = numbered(position * n_patterns + pattern_of)
    return Cells(group=key // n_patterns, pattern=key % n_patterns, n=np.bincount(cell))
