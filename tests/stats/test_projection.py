from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from evalhub.stats import REASON_WORDS, Reason, days_left


def test_equal_days_leave_no_doubt() -> None:
    found = days_left([20] * 10, 100)
    assert (found.a_day, found.days, found.fewest, found.most) == (20.0, 5.0, pytest.approx(5.0), pytest.approx(5.0))


def test_fewer_than_five_days_say_nothing_and_no_work_gives_no_day() -> None:
    assert days_left([10, 20, 30, 40], 100).undefined_because is Reason.TOO_FEW_DAYS
    idle = days_left([0] * 7, 100)
    assert (idle.a_day, idle.days, idle.undefined_because) == (0.0, None, Reason.NO_WORK)
    assert REASON_WORDS[Reason.NO_WORK]


def test_nothing_left_takes_no_day() -> None:
    found = days_left([1, 5, 2, 8, 3], 0)
    assert (found.days, found.fewest, found.most) == (0.0, 0.0, 0.0)


def test_days_that_differ_too_much_have_no_last_day() -> None:
    found = days_left([0, 0, 0, 0, 100], 500)
    assert found.days == 25.0
    assert found.most is None
    assert found.fewest is not None
    assert found.fewest < 25.0


@given(st.lists(st.integers(0, 60), min_size=5, max_size=14), st.integers(1, 5000))
def test_the_ends_are_where_what_remains_is_just_foretold(counts: list[int], remaining: int) -> None:
    found = days_left(counts, remaining)
    if found.days is None:
        assert sum(counts) == 0
        return
    n, mean, spread = len(counts), np.mean(counts), np.std(counts, ddof=1)
    t = stdtrit(n - 1, 0.9)
    assert found.fewest is not None
    for end, sign in ((found.fewest, 1), (found.most, -1)):
        if end is not None:
            foretold = end * mean + sign * t * spread * math.sqrt(end + end**2 / n)
            assert foretold == pytest.approx(remaining, rel=1e-6, abs=1e-6)
    assert found.fewest <= found.days + 1e-9
    assert found.most is None or found.days <= found.most + 1e-9


def test_the_range_holds_the_true_end_in_eight_of_ten_worlds() -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(500):
        days = rng.negative_binomial(4, 4 / (4 + 30), size=200)  # mean 30, far more spread than Poisson
        found = days_left([int(n) for n in days[:14]], 600)
        end = int(np.searchsorted(np.cumsum(days[14:]), 600)) + 1
        assert found.fewest is not None
        inside += found.fewest <= end <= (math.inf if found.most is None else math.ceil(found.most))
    assert 0.76 <= inside / 500 <= 0.88
