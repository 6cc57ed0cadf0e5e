"""Pseudonyms, counts and agreement of a case."""

from __future__ import annotations

import pytest

from evalhub.adjudication.schema import pseudonyms, shared_answers
from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.letters import letters

KEY = "0f" * 32
REVIEWERS = [(number, f"{number:032x}") for number in range(1, 30)]


def test_pseudonyms_stay_in_a_case_and_change_between_cases() -> None:
    first = pseudonyms(KEY, "case-1", REVIEWERS)
    assert pseudonyms(KEY, "case-1", reversed(REVIEWERS)) == first
    assert pseudonyms(KEY, "case-2", REVIEWERS) != first
    assert pseudonyms("1e" * 32, "case-1", REVIEWERS) != first
    assert sorted(first.values(), key=lambda word: (len(word), word)) == [letters(i) for i in range(29)]


@pytest.mark.parametrize(("index", "word"), [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (701, "ZZ"), (702, "AAA")])
def test_letters_go_on_after_z(index: int, word: str) -> None:
    assert letters(index) == word


def test_agreement_is_the_share_of_alike_pairs() -> None:
    low, high, without = Answer(rank=0), Answer(rank=2), Answer()
    assert shared_answers([low]) is None
    assert shared_answers([low, low, low]) == 1.0
    assert shared_answers([low, low, high]) == pytest.approx(1 / 3)
    assert shared_answers([without, without, low, high]) == pytest.approx(1 / 6)
