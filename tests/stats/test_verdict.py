from __future__ import annotations

import pytest

from evalhub.stats import CriterionReport, criterion_report
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


def test_undecided_says_how_many_more_groups_would_decide() -> None:
    words = report([*agreeing(10), [0, 1], [1, 2], [0, 1], [0, 2], [1, 2]]).verdict.words
    assert "would decide" in words
