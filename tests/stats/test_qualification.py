"""The qualification and the drift rule, against scipy, enumeration and simulation of nothing but their definitions."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from evalhub.stats.qualification import (
    PassPlan,
    alarm_chance,
    drift_plan,
    mean_delay,
    mean_items,
    outcome,
    pass_chance,
    plan,
    plans_with,
    points,
    result_interval,
    share_interval,
)

RATES = st.tuples(st.floats(0.2, 0.6), st.floats(0.75, 0.97), st.floats(0.02, 0.3), st.floats(0.02, 0.3))
SMALL = PassPlan(5, 4, 0.0, 0.0)


def paths(test: PassPlan, p: float) -> list[tuple[float, int, int]]:
    """Every way that a curtailed test can go: its chance, right and wrong when it stops."""
    found = []

    def go(chance: float, right: int, wrong: int) -> None:
        if outcome(test, right, wrong) is not None:
            found.append((chance, right, wrong))
            return
        go(chance * p, right + 1, wrong)
        go(chance * (1 - p), right, wrong + 1)

    go(1.0, 0, 0)
    return found


@given(RATES)
@settings(max_examples=40, deadline=None)
def test_a_plan_keeps_both_rates_and_no_shorter_one_does(rates: tuple[float, float, float, float]) -> None:
    p_low, p_high, alpha, beta = rates
    found = plan(*rates)
    assert found is not None
    assert found.alpha == pytest.approx(binom.sf(found.right - 1, found.n, p_low))
    assert found.beta == pytest.approx(binom.cdf(found.right - 1, found.n, p_high))
    assert found.alpha <= alpha
    assert found.beta <= beta
    for right in range(1, found.n):
        shorter = found.n - 1
        assert binom.sf(right - 1, shorter, p_low) > alpha or binom.cdf(right - 1, shorter, p_high) > beta


def test_a_published_plan() -> None:
    """Accept .9, reject .6 at 5 % and 10 %: 17 items, 14 right, by the tables of the binomial distribution."""
    found = plan(0.6, 0.9, 0.05, 0.1)
    assert found is not None
    assert (found.n, found.right) == (17, 14)


def test_rates_too_close_have_no_plan() -> None:
    assert plan(0.9, 0.91, 0.01, 0.01) is None


@given(st.integers(1, 9), st.data(), st.floats(0.01, 0.99))
def test_stopping_early_changes_nothing(n: int, data: st.DataObject, p: float) -> None:
    test = PassPlan(n, data.draw(st.integers(1, n)), 0.0, 0.0)
    ends = paths(test, p)
    passed = sum(chance for chance, right, wrong in ends if outcome(test, right, wrong))
    assert passed == pytest.approx(pass_chance(p, test.n, test.right))
    assert mean_items(test, p) == pytest.approx(sum(chance * (right + wrong) for chance, right, wrong in ends))


@given(st.floats(0.02, 0.98))
def test_the_interval_of_a_curtailed_result_covers_what_it_says(p: float) -> None:
    for test in (SMALL, PassPlan(9, 7, 0.0, 0.0)):
        covered = sum(
            chance
            for chance, right, wrong in paths(test, p)
            if (found := result_interval(test, right, wrong)).low <= p <= found.high
        )
        assert covered >= 0.95


def test_the_interval_of_a_share_is_that_of_clopper_and_pearson() -> None:
    for hits, n in ((0, 4), (3, 7), (9, 9)):
        expected = binomtest(hits, n).proportion_ci(0.95, "exact")
        found = share_interval(hits, n)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_an_open_attempt_has_no_outcome() -> None:
    assert [outcome(SMALL, *score) for score in ((3, 1), (4, 0), (3, 2))] == [None, True, False]


def test_too_few_items_offer_what_they_can() -> None:
    found = plans_with(7, 0.5, 0.9, 0.05, 0.1)
    assert [(test.n, test.right) for test in found] == [(7, 7), (7, 5)]
    assert found[0].alpha <= 0.05 < found[1].alpha
    assert found[1].beta <= 0.1 < found[0].beta
    assert plans_with(0, 0.5, 0.9, 0.05, 0.1) == ()


def test_points_rise_with_wrong_items_and_never_fall_below_nothing() -> None:
    assert points([True, False, True, True, True, False, False], add=3) == [0, 3, 2, 1, 0, 3, 6]


@given(st.integers(1, 3), st.integers(1, 6), st.floats(0.05, 0.95), st.integers(1, 9))
def test_the_chance_of_an_alarm_is_that_of_all_sequences(add: int, limit: int, p: float, n: int) -> None:
    chance = 0.0
    for results in itertools.product((True, False), repeat=n):
        if max(points(results, add)) >= limit:
            chance += math.prod(p if is_right else 1 - p for is_right in results)
    assert alarm_chance(add, limit, p, n) == pytest.approx(chance)


@pytest.mark.parametrize(("p_low", "p_high"), [(0.5, 0.9), (0.4, 0.9), (0.7, 0.95)])
def test_a_drift_rule_keeps_its_false_alarms_and_no_lower_limit_does(p_low: float, p_high: float) -> None:
    found = drift_plan(p_low, p_high, 0.05, 100)
    assert found.false_alarm <= 0.05
    assert found.limit == found.add or alarm_chance(found.add, found.limit - 1, p_high, 100) > 0.05
    ratio = math.log((1 - p_low) / (1 - p_high)) / math.log(p_high / p_low)
    assert found.add == round(ratio)


def test_the_delay_is_the_mean_of_simulated_ones() -> None:
    dice, delays = random.Random(3), []
    for _ in range(3000):
        standing, n = 0, 0
        while standing < 7:
            standing = max(0, standing - 1) if dice.random() < 0.4 else standing + 2
            n += 1
        delays.append(n)
    spread = float(np.std(delays)) / math.sqrt(len(delays))
    assert abs(float(np.mean(delays)) - mean_delay(2, 7, 0.4)) < 4 * spread
