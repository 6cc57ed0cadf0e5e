from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.stats.numbering import n_distinct, numbered

CLOSE = st.lists(st.integers(-3, 40), max_size=60)
SPREAD = st.lists(st.integers(-(2**62), 2**62), max_size=60)


@given(st.one_of(CLOSE, SPREAD))
def test_positions_lead_back_to_the_ids(ids: list[int]) -> None:
    given_ids = np.array(ids, dtype=np.int64)
    distinct, position = numbered(given_ids)
    assert distinct.tolist() == sorted(set(ids))
    assert distinct[position].tolist() == ids
    assert n_distinct(given_ids) == len(set(ids))


@pytest.mark.parametrize("first", [0, 1])
def test_the_ids_themselves_are_left_alone(first: int) -> None:
    ids = np.arange(first, first + 5)
    numbered(ids)
    assert ids.tolist() == list(range(first, first + 5))
