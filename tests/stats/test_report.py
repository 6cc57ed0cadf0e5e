from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.errors import BadInput, CheckFailed
from evalhub.stats import PatternCounts, Ratings, Scale, alpha, check_alpha, criterion_report, reliability_of_mean
from evalhub.stats.scale import distance
from tests.stats.tables import KRIPPENDORFF_C, ratings_of


@st.composite
def random_ratings(draw: st.DrawFn) -> Ratings:
    n_levels = draw(st.integers(2, 7))
    n_raters = draw(st.integers(2, 6))
    cell = st.one_of(st.none(), st.integers(0, n_levels - 1))
    table = draw(st.lists(st.lists(cell, min_size=n_raters, max_size=n_raters), min_size=2, max_size=25))
    return ratings_of(table, list(range(n_levels)))


@given(random_ratings(), st.sampled_from(list(Scale)))
@settings(max_examples=150, deadline=None)
def test_alpha_equals_the_krippendorff_package(ratings: Ratings, scale: Scale) -> None:
    counts = PatternCounts.of(ratings)
    values = np.arange(1.0, ratings.n_levels + 1) ** 2
    figure = alpha(counts, scale=scale, values=values)
    if figure.value is not None:
        assert check_alpha(counts, figure, distance(scale, ratings.n_levels, values))


@given(random_ratings())
@settings(max_examples=60, deadline=None)
def test_the_boundaries_add_up_to_alpha_exactly(ratings: Ratings) -> None:
    report = criterion_report(ratings, scale="ordinal")
    if report.alpha.value is None:
        return
    parts = [(boundary.weight, boundary.alpha or 0.0) for boundary in report.boundaries]
    assert sum(weight * part for weight, part in parts) == pytest.approx(report.alpha.value, abs=1e-9)
    shares = [boundary.share for boundary in report.boundaries if boundary.share is not None]
    assert not shares or sum(shares) == pytest.approx(1)


@given(random_ratings(), st.sampled_from(list(Scale)), st.lists(st.integers(0, 3), min_size=7, max_size=7))
@settings(max_examples=100, deadline=None)
@pytest.mark.filterwarnings("error")
def test_every_report_is_plain_json_without_nan(ratings: Ratings, scale: Scale, scores: list[int]) -> None:
    report = criterion_report(ratings, scale=scale, scores=sorted(scores)[: ratings.n_levels])
    assert json.dumps(report.as_dict(), allow_nan=False)
    for figure in (report.alpha, report.ac2, report.percent_agreement, *report.specific_agreement):
        if figure.ci_low is not None:
            assert figure.ci_low - 1e-9 <= figure.value <= figure.ci_high + 1e-9  # type: ignore[operator]


def test_an_alpha_that_differs_from_the_package_fails_loudly() -> None:
    counts = PatternCounts.of(ratings_of(KRIPPENDORFF_C))
    ordinal = alpha(counts, scale=Scale.ORDINAL)
    with pytest.raises(CheckFailed, match="krippendorff package"):
        check_alpha(counts, ordinal, distance(Scale.NOMINAL, 5))


@pytest.mark.parametrize("scale", list(Scale))
def test_levels_with_one_score_are_two_levels_where_only_levels_count(scale: Scale) -> None:
    table = [[0, 1], [1, 1], [2, 2], [0, 0], [1, 2], [3, 3]]
    report = criterion_report(ratings_of(table, [0, 1, 2, 3]), scale=scale, scores=[0, 1, 1, 2])
    assert report.is_checked
    assert report.alpha_nominal == criterion_report(ratings_of(table, [0, 1, 2, 3]), scale=scale).alpha_nominal


def test_levels_that_all_have_one_score_show_no_variation_as_numbers() -> None:
    report = criterion_report(ratings_of([[0, 1], [1, 1]], [0, 1]), scale="interval", scores=[1, 1])
    assert (report.alpha.value, report.alpha.undefined_because) == (None, "no_variation")
    assert report.verdict.code == "undefined"


def test_a_report_says_that_its_alphas_were_checked() -> None:
    assert criterion_report(ratings_of(KRIPPENDORFF_C), scale="ordinal").is_checked


def test_specific_agreement_is_the_share_of_confirmed_ratings() -> None:
    """Level 0 is given three times: twice confirmed by the other reviewer, once not."""
    report = criterion_report(ratings_of([[0, 0], [0, 1], [1, 1]], [0, 1, 2]), scale="ordinal")
    worst, middle, best = report.specific_agreement
    assert worst.value == pytest.approx(2 / 3)
    assert middle.value == pytest.approx(2 / 3)
    assert (best.value, best.undefined_because) == (None, "level_never_given")


def test_a_scale_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInput, match="ordnal"):
        criterion_report(ratings_of([[0, 0], [1, 2]]), scale="ordnal")


def test_a_ratio_scale_has_nothing_below_zero() -> None:
    with pytest.raises(BadInput, match="begins at 0"):
        criterion_report(Ratings.of_values([0, 0], [0, 1], [-1.0, 2.0]), scale="ratio")


def test_scores_must_fit_the_levels() -> None:
    with pytest.raises(BadInput, match="3 levels"):
        criterion_report(ratings_of([[0, 0], [1, 2]]), scale="interval", scores=[0.0, 1.0])


def test_a_report_is_the_same_every_time() -> None:
    rng = np.random.default_rng(1)
    ratings = ratings_of(rng.integers(0, 3, size=(40, 3)).tolist())
    assert criterion_report(ratings, scale="ordinal") == criterion_report(ratings, scale="ordinal")


def test_the_bootstrap_interval_lies_near_the_jackknife() -> None:
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 150)
    table = np.clip(truth[:, None] + rng.choice([-1, 0, 0, 1], size=(150, 3)), 0, 2).tolist()
    report = criterion_report(ratings_of(table), scale="ordinal")
    assert report.bootstrap is not None
    assert report.bootstrap.alpha.ci_low == pytest.approx(report.alpha.ci_low, abs=0.05)
    assert report.bootstrap.alpha.ci_high == pytest.approx(report.alpha.ci_high, abs=0.05)


def test_the_mean_of_more_ratings_is_more_reliable() -> None:
    assert reliability_of_mean(0.5, 3) == pytest.approx(0.75)
    assert reliability_of_mean(-0.6, 3) is None
