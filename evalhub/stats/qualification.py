"""Pass or fail a reviewer on items with known answers, and notice when they drift: rules with stated error rates.

A trial is one item, right or wrong, with the same chance p of being right each time.

*Qualification* is the smallest exact binomial test between two chances: whoever is right with `p_low` or less passes
with a chance of at most `alpha`, whoever is right with `p_high` or more fails with at most `beta`. It ends as soon as
the outcome is fixed, which changes neither rate: the outcome is that of all n items, whatever the rest would be.

*Drift* is watched by points: a wrong item adds `add`, a right one takes one off, never below 0; at `limit` the alarm is
raised. That is Page's cumulative sum of the log likelihood ratio of `p_low` against `p_high`, with steps rounded to
whole points so that its chances are exact sums over a short chain.

Source: Dixon and Massey (1983), Introduction to Statistical Analysis, §15.4 (choice of n and c); Eisenberg and Ghosh
(1980), Curtailed and uniformly most powerful sequential tests; Page (1954), Continuous inspection schemes, Biometrika
41; Brook and Evans (1972), An approach to the probability distribution of cusum run length, Biometrika 59.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import bdtr, bdtrc

from evalhub.stats.figure import Floats, Interval, Method
from evalhub.stats.intervals import lower_share, upper_share

MOST_ITEMS = 500
MOST_POINTS = 500


@dataclass(frozen=True, slots=True)
class PassPlan:
    """At least `right` of `n` items pass.

    `alpha` is the chance that somebody right with p_low passes, `beta` that somebody right with p_high fails; both are
    what the plan attains, not what was asked for.
    """

    n: int
    right: int
    alpha: float
    beta: float

    @property
    def wrong(self) -> int:
        """With so many wrong items it is failed."""
        return self.n - self.right + 1


@dataclass(frozen=True, slots=True)
class DriftPlan:
    """Points for a wrong item, and the number of points that raises the alarm.

    `false_alarm` is the exact chance that somebody right with p_high raises it within `horizon` items; `delay` the mean
    number of items until somebody right with p_low does, from 0 points on.
    """

    add: int
    limit: int
    horizon: int
    false_alarm: float
    delay: float


def pass_chance(p: float, n: int, right: int) -> float:
    """The chance to be right on at least `right` of n items: the operating characteristic of the test."""
    return 1.0 if right <= 0 else float(bdtrc(right - 1, n, p))


@lru_cache(maxsize=256)
def plan(p_low: float, p_high: float, alpha: float, beta: float) -> PassPlan | None:
    """The test with the fewest items that keeps both rates; None where more than 500 would be needed."""
    for n in range(1, MOST_ITEMS + 1):
        found = _keeping_alpha(n, p_low, p_high, alpha)
        if found is not None and found.beta <= beta:
            return found
    return None


def plans_with(n: int, p_low: float, p_high: float, alpha: float, beta: float) -> tuple[PassPlan, ...]:
    """What n items allow: the test that keeps alpha, and the one that keeps beta; each with the other rate it has.

    One plan where they are the same; none that passes everybody or nobody.
    """
    if n < 1:
        return ()
    keeping_beta = _tested(n, _most_right(n, p_high, beta), p_low, p_high)
    found = (_keeping_alpha(n, p_low, p_high, alpha), keeping_beta if keeping_beta.right > 0 else None)
    return tuple(dict.fromkeys(test for test in found if test is not None))


def _keeping_alpha(n: int, p_low: float, p_high: float, alpha: float) -> PassPlan | None:
    right = next((c for c in range(1, n + 1) if pass_chance(p_low, n, c) <= alpha), None)
    return None if right is None else _tested(n, right, p_low, p_high)


def _most_right(n: int, p_high: float, beta: float) -> int:
    """The highest bar under which somebody right with p_high fails with at most beta; 0 where none does."""
    return next((c for c in range(n, 0, -1) if float(bdtr(c - 1, n, p_high)) <= beta), 0)


def _tested(n: int, right: int, p_low: float, p_high: float) -> PassPlan:
    beta = float(bdtr(right - 1, n, p_high)) if right > 0 else 0.0
    return PassPlan(n, right, pass_chance(p_low, n, right), beta)


def outcome(test: PassPlan, right: int, wrong: int) -> bool | None:
    """Passed, failed, or None while the items that are left can still decide."""
    if right >= test.right:
        return True
    return False if wrong >= test.wrong else None


def mean_items(test: PassPlan, p: float) -> float:
    """How many items the test takes on average until its outcome is fixed."""
    after = np.arange(test.n)
    still_open = [
        float(bdtr(min(test.right - 1, m), m, p)) - (float(bdtr(m - test.wrong, m, p)) if m >= test.wrong else 0.0)
        for m in after
    ]
    return float(sum(still_open))


def result_interval(test: PassPlan, right: int, wrong: int) -> Interval:
    """The 95 % interval of p after a qualification that ended as soon as its outcome was fixed.

    Outcomes are ordered from failed at once to passed at once, which makes the limits those of Clopper and Pearson for
    the items graded, and for one item fewer on the side where the test stopped. An unfinished one gets their interval.

    Source: Clopper and Pearson (1934), Biometrika 26, with the ordering of Armitage (1958), Biometrika 45.
    """
    n = right + wrong
    fixed = outcome(test, right, wrong)
    if fixed is True:
        return Interval(lower_share(right, n), upper_share(right - 1, n - 1), Method.BOUND)
    if fixed is False:
        return Interval(lower_share(right, n - 1), upper_share(right, n), Method.BOUND)
    return share_interval(right, n)


def share_interval(hits: int, n: int) -> Interval:
    """The two-sided 95 % interval of Clopper and Pearson; 0 to 1 without a trial."""
    return Interval(lower_share(hits, n), upper_share(hits, n), Method.BOUND)


@lru_cache(maxsize=256)
def drift_plan(p_low: float, p_high: float, false_alarm: float, horizon: int) -> DriftPlan:
    """The lowest limit of points that keeps the chance of a false alarm within the horizon.

    Where even 500 points do not, that limit is used, and `false_alarm` tells what it comes to.
    """
    ratio = math.log((1 - p_low) / (1 - p_high)) / math.log(p_high / p_low)
    add = max(1, round(ratio))
    limits = range(add, MOST_POINTS)
    limit = next((h for h in limits if alarm_chance(add, h, p_high, horizon) <= false_alarm), MOST_POINTS)
    attained = alarm_chance(add, limit, p_high, horizon)
    return DriftPlan(add, limit, horizon, attained, mean_delay(add, limit, p_low))


def points(results: Iterable[bool], add: int) -> list[int]:
    """The points after each item, right or wrong, in the order of the grading."""
    standing, after = 0, []
    for is_right in results:
        standing = max(0, standing - 1) if is_right else standing + add
        after.append(standing)
    return after


def alarm_chance(add: int, limit: int, p: float, n: int) -> float:
    """The exact chance that the alarm is raised within n items, from 0 points on."""
    step, at = _chain(add, limit, p), np.zeros(limit)
    at[0] = 1.0
    for _ in range(n):
        at = at @ step
    return float(1 - at.sum())


def mean_delay(add: int, limit: int, p: float) -> float:
    """The mean number of items until the alarm, from 0 points on."""
    return float(np.linalg.solve(np.eye(limit) - _chain(add, limit, p), np.ones(limit))[0])


def _chain(add: int, limit: int, p: float) -> Floats:
    """Chances to go from points to points without an alarm, shape (limit, limit)."""
    step = np.zeros((limit, limit))
    for at in range(limit):
        step[at, max(0, at - 1)] += p
        if at + add < limit:
            step[at, at + add] += 1 - p
    return step
