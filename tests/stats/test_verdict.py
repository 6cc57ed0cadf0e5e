from __future__ import annotations

from dataclasses import replace

import pytest

from evalhub.stats import CriterionReport, PatternCounts, criterion_report
from evalhub.stats.verdict import verdict
from tests.stats.tables import ratings_of

LEVELS = [0, 1, 2]


def report(table: list[list[int]], *, critical: bool = False) -> CriterionReport:
    return criterion_report(ratings_of(table, LEVELS), scale="ordinal", critical=critical)


def agreeing(times: int) -> list[list[int]]:
    return [[0, 0], [1, 1], [2, 2]] * times


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ([[1, 1]] * 40, "undefined"),
        ([[0, 0], [1, 2], [2, 2]] * 3, "insufficient"),
        ([[1, 1]] * 28 + [[1, 2]], "insufficient"),
        ([*agreeing(40), [0, 1], [1, 2]], "reliable"),
        (agreeing(40) + [[0, 1], [1, 2], [2, 0]] * 5, "tentative"),
        ([[1, 1]] * 60 + [[1, 2]] * 5 + [[2, 2]], "low_variation"),
        ([[1, 1]] * 200 + [[1, 2]] * 40, "rare_levels_not_reproduced"),
        ([[0, 1], [1, 2], [2, 0], [1, 1], [0, 0], [2, 2]] * 10, "unreliable"),
        ([*agreeing(4), [0, 1], [1, 2], [0, 1]], "undecided"),
    ],
)
def test_the_ladder_is_taken_in_order(table: list[list[int]], code: str) -> None:
    assert report(table).verdict.code == code


def test_a_skewed_criterion_whose_rare_levels_are_confirmed_is_judged_by_its_interval() -> None:
    table = [[2, 2, 2]] * 600 + [[0, 0, 0]] * 40 + [[1, 1, 2]] * 2 + [[0, 0, 2]]
    assert report(table).verdict.code == "reliable"


def test_a_critical_criterion_is_undecided_while_its_worst_level_is_not_confirmed() -> None:
    table = [[1, 1], [2, 2]] * 100 + [[0, 1]] * 3
    assert report(table).verdict.code in ("reliable", "tentative")
    capped = report(table, critical=True).verdict
    assert capped.code == "undecided"
    assert "worst level" in capped.words


def test_a_critical_criterion_whose_worst_level_is_confirmed_is_not_capped() -> None:
    assert report([*agreeing(40), [0, 1], [1, 2]], critical=True).verdict.code == "reliable"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.434, 0.71, "from .43 to .71 holds"), (-0.12, 1.0, "from −.12 to 1.00 holds"), (-0.001, 0.7, "from .00 to .70")],
)
def test_undecided_says_where_the_interval_lies_and_nothing_of_more_items(low: float, high: float, words: str) -> None:
    found = replace(report(agreeing(10)).alpha, value=0.6, ci_low=low, ci_high=high)
    said = verdict(found, PatternCounts.of(ratings_of(agreeing(10), LEVELS))).words
    assert words in said
    assert "more" not in said
