"""How much one item moves alpha."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.stats import PatternCounts, Ratings, Scale
from evalhub.stats.items import influence, item_disagreements

VALUES = np.array([0.0, 0.5, 3.0])


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), min_size=2, max_size=12), st.sampled_from(Scale))
def test_the_counts_give_the_same_influence_as_the_ratings(items: list[list[int]], scale: Scale) -> None:
    rows = [(unit, rater, level) for unit, given in enumerate(items) for rater, level in enumerate(given)]
    unit, rater, level = (np.array(column) for column in zip(*rows, strict=True))
    values = None if scale is Scale.ORDINAL else VALUES
    expected = item_disagreements(Ratings(unit, rater, level, n_levels=3), scale=scale, values=values).influence
    table = np.array([np.bincount(given, minlength=3) for given in items])
    for i, said in enumerate(expected):
        others = PatternCounts.from_unit_counts(np.delete(table, i, axis=0))
        found = influence(others, table[i], scale=scale, values=values)
        if len(items[i]) > 1:
            assert found is None if np.isnan(said) else found == pytest.approx(said, abs=1e-9)


def test_influence_is_undefined_where_the_others_do_not_vary() -> None:
    others = PatternCounts.from_patterns({(2, 0): 10}, 2)
    assert influence(others, (1, 1), scale=Scale.ORDINAL) is None
