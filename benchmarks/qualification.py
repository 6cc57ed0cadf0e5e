"""Whether the rules of training go wrong as often as they say.

    python -m benchmarks.qualification [--quick]

Reviewers of a fixed chance to be right are simulated item by item. Of each rule it is counted who passes, how many
items that takes, whether the interval of the result covers the chance, how often the alarm of drift is raised within a
hundred gold items, and after how many it is raised once somebody has fallen from the high chance to the low.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import print_table
from evalhub.stats.qualification import (
    DriftPlan,
    PassPlan,
    alarm_chance,
    drift_plan,
    outcome,
    pass_chance,
    plan,
    points,
    result_interval,
)

SEED = 20_261_127
RULES = ((0.5, 0.9, 0.05, 0.1), (0.4, 0.9, 0.1, 0.1), (0.6, 0.9, 0.05, 0.1), (0.7, 0.95, 0.05, 0.1))
FALSE_ALARM, HORIZON = 0.05, 100
BEFORE_THE_FALL = 40
LONGEST_DELAY = 400


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few hundred reviewers only")
    n = 300 if parser.parse_args(arguments).quick else 20_000
    dice = np.random.default_rng(SEED)
    heading = ("rule", "right on", "pass, exact", "pass, seen", "items, mean", "interval covers")
    print_table("Qualification", heading, _qualifications(dice, n))
    heading = (
        "rule",
        "right on",
        "alarm within 100, exact",
        "seen",
        "items after the fall, mean",
        "seen late (over 30)",
    )
    print_table("Drift", heading, _drifts(dice, n))


def _qualifications(dice: np.random.Generator, n: int) -> Iterator[list[object]]:
    for rates in RULES:
        test = plan(*rates)
        assert test is not None
        for p in (rates[0], (rates[0] + rates[1]) / 2, rates[1]):
            ends = [_end(test, results) for results in dice.random((n, test.n)) < p]
            passed = float(np.mean([outcome(test, right, wrong) is True for right, wrong in ends]))
            covered = [(found := result_interval(test, *end)).low <= p <= found.high for end in ends]
            items = float(np.mean([right + wrong for right, wrong in ends]))
            exact = pass_chance(p, test.n, test.right)
            yield [f"{test.right} of {test.n}", p, exact, passed, items, float(np.mean(covered))]


def _end(test: PassPlan, results: NDArray[np.bool_]) -> tuple[int, int]:
    right = wrong = 0
    for is_right in results:
        right, wrong = right + bool(is_right), wrong + (not is_right)
        if outcome(test, right, wrong) is not None:
            break
    return right, wrong


def _drifts(dice: np.random.Generator, n: int) -> Iterator[list[object]]:
    for p_low, p_high, _, _ in RULES:
        rule = drift_plan(p_low, p_high, FALSE_ALARM, HORIZON)
        name = f"+{rule.add}, limit {rule.limit}"
        alarms = [max(points(results, rule.add)) >= rule.limit for results in dice.random((n, HORIZON)) < p_high]
        exact = alarm_chance(rule.add, rule.limit, p_high, HORIZON)
        yield [name, p_high, exact, float(np.mean(alarms)), None, None]
        delays = np.array([_delay(dice, rule, p_low, p_high) for _ in range(n)])
        exact = alarm_chance(rule.add, rule.limit, p_low, HORIZON)
        yield [name, p_low, exact, None, float(delays.mean()), float((delays > 30).mean())]


def _delay(dice: np.random.Generator, rule: DriftPlan, p_low: float, p_high: float) -> int:
    """Gold items from the fall until the alarm, of somebody who was good until then."""
    before = points((bool(hit) for hit in dice.random(BEFORE_THE_FALL) < p_high), rule.add)
    standing = min(before[-1], rule.limit - 1)
    for n, is_right in enumerate(dice.random(LONGEST_DELAY) < p_low, start=1):
        standing = max(0, standing - 1) if is_right else standing + rule.add
        if standing >= rule.limit:
            return n
    return LONGEST_DELAY


if __name__ == "__main__":
    main()
