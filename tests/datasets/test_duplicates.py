from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evalhub.datasets.schema.duplicates import Seen, Twice


@given(st.lists(st.integers(-3, 9)))
def test_every_repetition_is_named_with_the_first_line(keys: list[int]) -> None:
    """-1 and -2 have the same hash in CPython, so equal hashes of different keys occur here."""
    seen = Seen()
    for key in keys:
        seen.add(key)
    numbered = list(enumerate(keys, start=1))
    expected = [Twice(key, keys.index(key) + 1, line) for line, key in numbered if keys.index(key) + 1 < line]
    assert list(seen.doubled(numbered)) == expected
