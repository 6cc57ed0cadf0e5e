"""From consensus to score, worked by hand."""

from __future__ import annotations

import pytest

from evalhub.rubrics.schema import CriterionOutcome, Overall, OverallLevel, Rubric, parse_rubric, score


def rubric_of(rules: str = "", first: str = "", second: str = "", third: str = "") -> Rubric:
    return parse_rubric(
        f"""\
name: r
version: 1
levels: [unacceptable, adequate, excellent]
{rules}
criteria:
  - {{id: a, title: A, {first}}}
  - {{id: b, title: B, {second}}}
  - {{id: c, title: C, {third}}}
""".encode(),
        "r.yaml",
    )


def outcomes(**answers: object) -> dict[str, CriterionOutcome]:
    """An int is a rank, a float a value, a text a state."""
    found = {}
    for key, answer in answers.items():
        if isinstance(answer, str):
            found[key] = CriterionOutcome(answer)  # type: ignore[arg-type]
        elif isinstance(answer, float):
            found[key] = CriterionOutcome("rated", value=answer)
        else:
            assert isinstance(answer, int)
            found[key] = CriterionOutcome("rated", rank=answer)
    return found


def test_a_weighted_mean_counts_each_criterion_by_its_weight() -> None:
    rubric = rubric_of("pass: {score_at_least: 0.7}", "weight: 2", "weight: 1", "range: {min: 1, max: 5}")
    overall = score(rubric, outcomes(a=2, b=1, c=2.0))
    assert overall.score == pytest.approx((2 * 1 + 0.5 + 0.25) / 4)
    assert (overall.level, overall.passed, overall.failed) == (OverallLevel.ADEQUATE, False, False)


def test_what_does_not_apply_is_missing_never_zero() -> None:
    rubric = rubric_of("", "weight: 2", "not_applicable: true", "applies_to: [code]")
    overall = score(rubric, outcomes(a=1, b="not_applicable"), ["prose"])
    assert overall.score == 0.5
    assert score(rubric, outcomes(a=1, b="not_applicable", c=2), ["code"]).score == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"a": 1, "b": "pending", "c": 1}, "b is pending"),
        ({"a": 1, "b": 1}, "c is undefined"),
        ({"a": "not_applicable", "b": "not_applicable", "c": "not_applicable"}, "no criterion applies"),
    ],
)
def test_an_undefined_score_says_why(answers: dict[str, object], reason: str) -> None:
    assert score(rubric_of(), outcomes(**answers)) == Overall(False, None, None, None, False, reason)


def test_points_are_a_share_of_the_positive_points_and_may_be_negative() -> None:
    rubric = rubric_of("scoring: points", "points: 6", "points: 4", "points: -5")
    assert score(rubric, outcomes(a=2, b=1, c=0)).score == pytest.approx(0.8)
    assert score(rubric, outcomes(a=0, b=0, c=2)).score == -0.5


def test_points_without_positive_ones_are_undefined() -> None:
    overall = score(rubric_of("scoring: points", "points: -1", "points: -2", "points: 0"), outcomes(a=1, b=1, c=1))
    assert overall == Overall(False, None, None, None, False, "no criterion that applies has positive points")


def test_a_penalty_takes_points_away_from_zero() -> None:
    rubric = rubric_of("scoring: penalty\npass: {score_at_least: -3}", "points: -5", "points: -1", "points: -1")
    best = score(rubric, outcomes(a=2, b=2, c=2))
    assert (best.score, best.passed) == (0, True)
    assert str(best.score) == "0.0"
    worse = score(rubric, outcomes(a=1, b=0, c=2))
    assert (worse.score, worse.passed) == (-3.5, False)


def test_the_worst_level_is_the_smallest_share() -> None:
    rubric = rubric_of("scoring: worst_level", "", "", "range: {min: 0, max: 10}")
    assert score(rubric, outcomes(a=2, b=1, c=3.0)).score == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("rules", "points", "expected"),
    [
        ("", "", 0),
        ("scoring: worst_level", "", 0),
        ("scoring: points", "points: 1, ", 0),
        ("scoring: penalty", "points: -2, ", -2),
    ],
)
def test_a_critical_criterion_at_its_worst_level_fails_the_item(rules: str, points: str, expected: float) -> None:
    rubric = rubric_of(rules, f"{points}critical: true", points, points)
    overall = score(rubric, outcomes(a=0, b=2, c=2))
    assert overall == Overall(True, expected, OverallLevel.UNACCEPTABLE, False, True)


def test_negative_points_stay_negative_when_the_item_fails() -> None:
    rubric = rubric_of("scoring: points", "points: 1, critical: true", "points: -3", "points: 1")
    assert score(rubric, outcomes(a=0, b=2, c=0)).score == -1.5


def test_a_critical_failure_is_known_while_the_rest_is_pending() -> None:
    overall = score(rubric_of("", "critical: true"), outcomes(a=0, b="pending", c=2))
    assert (overall.defined, overall.failed) == (False, True)


def test_the_overall_level_is_that_of_the_lowest_criterion() -> None:
    rubric = rubric_of(
        "pass: {level_at_least: adequate}",
        "levels: [poor, {id: weak, maps_to: unacceptable}, good]",
        "",
        "range: {min: 1, max: 3}",
    )
    low = score(rubric, outcomes(a=1, b=2, c=3.0))
    assert (low.level, low.passed) == (OverallLevel.UNACCEPTABLE, False)
    high = score(rubric, outcomes(a=2, b=2, c=2.0))
    assert (high.level, high.passed) == (OverallLevel.ADEQUATE, True)


def test_a_sum_that_reaches_the_bound_but_for_rounding_passes() -> None:
    rubric = rubric_of("pass: {score_at_least: 0.7}", *["range: {min: 0, max: 1, step: 0.1}"] * 3)
    assert score(rubric, outcomes(a=0.6, b=0.7, c=0.8)).passed is True


def test_without_a_pass_rule_nothing_is_passed_or_not() -> None:
    assert score(rubric_of(), outcomes(a=2, b=2, c=2)).passed is None
