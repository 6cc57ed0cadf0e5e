"""The consensus rule, case by case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.calibration.schema.consensus import Answer, ConsensusMethod, ConsensusState, consensus

NA = Answer()


def ranks(*given_ranks: int | None) -> list[Answer]:
    return [NA if rank is None else Answer(rank=rank) for rank in given_ranks]


@pytest.mark.parametrize(
    ("answers", "method", "rank"),
    [
        ([2], "single", 2),
        ([1, 1], "unanimous", 1),
        ([0, 1, 2], "median", 1),
        ([0, 0, 2], "median", 0),
        ([0, 1, 1, 2], "median", 1),
        ([1, 1, None], "median", 1),
        ([0, 2, 2, None], "median", 2),
    ],
)
def test_ordinal_answers_settle_on_the_middle(answers: list[int | None], method: str, rank: int) -> None:
    found = consensus("ordinal", ranks(*answers))
    assert (found.state, found.method, found.rank, found.n) == ("rated", method, rank, len(answers))


@pytest.mark.parametrize("answers", [[], [0, 1], [0, 2], [0, 0, 2, 2], [1, None], [0, 1, None, None], [0, 1, None]])
def test_ordinal_answers_without_a_middle_stay_pending(answers: list[int | None]) -> None:
    found = consensus("ordinal", ranks(*answers))
    assert (found.state, found.method, found.rank) == (ConsensusState.PENDING, ConsensusMethod.NONE, None)


@pytest.mark.parametrize("answers", [[None], [None, None], [None, None, 1]])
def test_not_applicable_from_more_than_half_takes_the_criterion_out(answers: list[int | None]) -> None:
    assert consensus("ordinal", ranks(*answers)).state is ConsensusState.NOT_APPLICABLE


def test_nominal_answers_need_more_than_half_of_the_levels_given() -> None:
    assert consensus("nominal", ranks(0, 2, 2)).method is ConsensusMethod.MAJORITY
    assert consensus("nominal", ranks(0, 2, 2)).rank == 2
    assert consensus("nominal", ranks(2, 2, 0, None)).method is ConsensusMethod.MAJORITY
    assert consensus("nominal", ranks(0, 1, 2)).state is ConsensusState.PENDING
    assert consensus("nominal", ranks(0, 0, 1, 1)).state is ConsensusState.PENDING


def test_values_settle_on_the_middle_value_that_somebody_gave() -> None:
    values = [Answer(value=value) for value in (10.0, 2.5, 3.0)]
    assert consensus("interval", values).value == 3.0
    assert consensus("interval", values[:2]).state is ConsensusState.PENDING


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=9), st.sampled_from(["ordinal", "nominal"]))
def test_the_order_of_answers_never_matters_and_no_level_is_invented(answers: list[int | None], scale: str) -> None:
    forward, backward = consensus(scale, ranks(*answers)), consensus(scale, ranks(*reversed(answers)))
    assert forward == backward
    assert (forward.state is ConsensusState.RATED) == (forward.rank is not None)
    assert forward.rank is None or forward.rank in answers
