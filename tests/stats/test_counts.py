from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.errors import BadInput
from evalhub.stats import PatternCounts, Ratings


def test_items_with_the_same_counts_are_one_pattern() -> None:
    counts = PatternCounts.from_ratings([0, 0, 1, 1, 2], [0, 2, 2, 0, 1], 3)
    shown = {tuple(p): int(n) for p, n in zip(counts.patterns, counts.n_units, strict=True)}
    assert shown == {(1, 0, 1): 2, (0, 1, 0): 1}
    assert (counts.n_items, counts.n_pairable, counts.n_disagreeing) == (3, 2, 2)


def test_patterns_of_the_database_give_the_same_counts_as_ratings() -> None:
    kept = PatternCounts.from_patterns({(1, 0, 1): 2, (0, 1, 0): 1, (3, 0, 0): 0}, n_levels=3)
    counted = PatternCounts.from_ratings([0, 0, 1, 1, 2], [0, 2, 2, 0, 1], 3)
    assert kept.n_items == counted.n_items
    assert np.array_equal(kept.coincidences, counted.coincidences)


def test_no_patterns_are_no_items() -> None:
    counts = PatternCounts.from_patterns({}, n_levels=3)
    assert (counts.n_items, counts.n_levels, counts.n_groups) == (0, 3, 0)


@given(st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), max_size=40))
def test_every_way_of_counting_gives_the_same_marginals(table: list[list[int]]) -> None:
    counts = PatternCounts.from_unit_counts(np.array(table, dtype=np.int64).reshape(-1, 3))
    pairable = [row for row in table if sum(row) >= 2]
    assert counts.marginals.tolist() == [sum(row[level] for row in pairable) for level in range(3)]
    assert counts.coincidences.sum(axis=1) == pytest.approx(counts.marginals)


def test_rows_too_long_for_one_integer_are_counted_too() -> None:
    wide = np.zeros((4, 60), dtype=np.int64)
    wide[:3, 7] = 9
    wide[3, 8] = 2
    assert sorted(PatternCounts.from_unit_counts(wide).n_units.tolist()) == [1, 3]


@pytest.mark.parametrize("table", [[1, 2], [[-1, 2]], [[0.5, 1]]])
def test_what_is_no_table_of_counts_is_refused(table: list[object]) -> None:
    with pytest.raises(BadInput):
        PatternCounts.from_unit_counts(table)  # type: ignore[arg-type]


def test_a_second_rating_of_an_item_by_a_rater_is_refused_with_both_rows() -> None:
    with pytest.raises(BadInput) as refused:
        Ratings([7, 7, 7], [1, 2, 1], [0, 0, 2], n_levels=3)
    assert "rows 0 and 2" in refused.value.faults[0].message
    assert "unit 7" in refused.value.faults[0].message


def test_row_numbers_count_the_missing_ones() -> None:
    with pytest.raises(BadInput) as refused:
        Ratings([7, 7, 7], [1, 1, 1], [np.nan, 0, 2], n_levels=3)
    assert "rows 1 and 2" in refused.value.faults[0].message


@pytest.mark.parametrize("level", [-1, 3, 0.5, np.inf])
def test_a_level_outside_the_scale_is_refused(level: float) -> None:
    with pytest.raises(BadInput) as refused:
        Ratings([0, 1], [0, 0], [0, level], n_levels=3)
    assert refused.value.faults[0].path == "[1]"


def test_an_item_in_two_groups_is_refused() -> None:
    with pytest.raises(BadInput, match="two groups"):
        Ratings([0, 0], [0, 1], [0, 1], n_levels=2, group=[0, 1])


def test_numbers_become_levels_in_their_order() -> None:
    ratings = Ratings.of_values([0, 1, 2, 3], [0, 0, 0, 0], [2.5, -1.0, np.nan, 2.5])
    assert ratings.level.tolist() == [1, 0, 1]
    assert ratings.values is not None
    assert ratings.values.tolist() == [-1.0, 2.5]
    assert ratings.numbers().tolist() == [2.5, -1.0, 2.5]


def test_a_number_outside_the_domain_is_refused() -> None:
    with pytest.raises(BadInput, match="11 is not one of the values"):
        Ratings.of_values([0], [0], [11.0], domain=np.arange(1, 11))


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(BadInput, match="infinite"):
        Ratings.of_values([0], [0], [np.inf])


def test_no_ratings_at_all_are_accepted() -> None:
    assert len(Ratings.of_values([], [], [])) == 0


@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=4, max_size=4), max_size=30),
    st.sampled_from([(1, 0), (1, 5), (1_000_003, -7)]),
    st.sampled_from([2**62, 1]),
)
def test_ratings_and_the_table_of_their_units_give_the_same_patterns(
    table: list[list[int | None]], ids: tuple[int, int], max_key: int
) -> None:
    """Whatever the ids of the units, in chunks of rows, as keys or by the table."""
    step, first = ids
    rows = [
        (unit * step + first, rater, level)
        for unit, row in enumerate(table)
        for rater, level in enumerate(row)
        if level is not None
    ]
    unit, rater, level = (
        np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else [[]] * 3)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evalhub.stats.counts.CHUNK_ROWS", 7)
        patch.setattr("evalhub.stats.counts.MAX_KEY", max_key)
        counted = PatternCounts.of(Ratings(unit, rater, level, n_levels=3, group=(unit - first) // step // 3))
    by_unit = [[row.count(level) for level in range(3)] for row in table]
    expected = PatternCounts.from_unit_counts(
        np.array(by_unit, dtype=np.int64).reshape(-1, 3), group=np.arange(len(table)) // 3
    )
    assert units_of(counted) == units_of(expected)
    assert cells_of(counted) == cells_of(expected)


def units_of(counts: PatternCounts) -> list[tuple[list[int], int]]:
    return sorted(zip(counts.patterns.tolist(), counts.n_units.tolist(), strict=True))


def cells_of(counts: PatternCounts) -> list[list[tuple[list[int], int]]]:
    """The patterns of each group with their numbers, whatever the groups are called."""
    if counts.cells is None:
        return []
    cells = zip(counts.cells.group, counts.patterns[counts.cells.pattern].tolist(), counts.cells.n, strict=True)
    groups: dict[int, list[tuple[list[int], int]]] = {}
    for group, pattern, n in cells:
        groups.setdefault(int(group), []).append((pattern, int(n)))
    return [sorted(members) for _, members in sorted(groups.items())]
