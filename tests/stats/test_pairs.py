from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evalhub.stats import (
    IccForm,
    PatternCounts,
    Ratings,
    Reason,
    Weights,
    cohen_kappa,
    conger_kappa,
    fleiss_by_level,
    fleiss_kappa,
    fleiss_test,
    icc,
    kendall_w,
    light_kappa,
    pairwise_kappas,
    scott_pi,
)
from tests.stats.tables import KRIPPENDORFF_C, ratings_of

SKLEARN = {Weights.IDENTITY: None, Weights.LINEAR: "linear", Weights.QUADRATIC: "quadratic"}


@given(
    st.integers(2, 7).flatmap(
        lambda n: st.tuples(
            st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=2, max_size=40)
        )
    ),
    st.sampled_from(list(SKLEARN)),
)
@settings(max_examples=100, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_weighted_kappa_equals_scikit_learn(drawn: tuple[int, list[tuple[int, int]]], weights: Weights) -> None:
    n_levels, pairs = drawn
    figure = cohen_kappa(ratings_of(pairs, list(range(n_levels))), weights)
    one, other = zip(*pairs, strict=True)
    theirs = cohen_kappa_score(one, other, labels=list(range(n_levels)), weights=SKLEARN[weights])
    if figure.value is None:
        assert np.isnan(theirs)
    else:
        assert figure.value == pytest.approx(theirs, abs=1e-9)


def test_pairs_without_a_shared_item_are_not_listed() -> None:
    pairs = pairwise_kappas(ratings_of([[0, 1, None], [1, 1, None], [None, 0, 1]], [0, 1]))
    assert [(pair.rater_a, pair.rater_b, pair.n_items) for pair in pairs] == [(0, 1, 2), (1, 2, 1)]


@pytest.mark.parametrize("metric", [cohen_kappa, scott_pi])
def test_coefficients_of_two_refuse_three_reviewers(metric: object) -> None:
    figure = metric(ratings_of([[0, 1, 1], [1, 1, 0]]))  # type: ignore[operator]
    assert (figure.value, figure.undefined_because) == (None, Reason.NEEDS_TWO_REVIEWERS)


@pytest.mark.parametrize("metric", [cohen_kappa, scott_pi, conger_kappa, light_kappa])
def test_one_level_only_is_undefined(metric: object) -> None:
    figure = metric(ratings_of([[1, 1], [1, 1], [1, 1]], [0, 1]))  # type: ignore[operator]
    assert (figure.value, figure.undefined_because) == (None, Reason.NO_VARIATION)


@pytest.mark.parametrize("metric", [cohen_kappa, scott_pi, conger_kappa, light_kappa, kendall_w])
def test_no_shared_items_are_undefined(metric: object) -> None:
    figure = metric(ratings_of([[1, None], [None, 0]], [0, 1]))  # type: ignore[operator]
    assert (figure.value, figure.undefined_because) == (None, Reason.NO_PAIRABLE_UNITS)


def test_perfect_agreement_of_two_has_a_bound() -> None:
    figure = cohen_kappa(ratings_of([[0, 0], [1, 1]] * 10))
    assert (figure.value, figure.ci_high, figure.undefined_because) == (1.0, 1.0, Reason.PERFECT_AGREEMENT)


def test_kappa_has_an_interval_that_holds_it() -> None:
    figure = cohen_kappa(ratings_of([[0, 0], [1, 1], [2, 2], [0, 1], [1, 2], [2, 2], [0, 0]] * 6))
    assert figure.ci_low is not None
    assert figure.value is not None
    assert figure.ci_high is not None
    assert figure.ci_low < figure.value < figure.ci_high < 1


@pytest.mark.parametrize("form", list(IccForm))
def test_an_intraclass_correlation_needs_the_complete_table(form: IccForm) -> None:
    assert icc(ratings_of(KRIPPENDORFF_C), form).undefined_because is Reason.NEEDS_COMPLETE_PANEL


@pytest.mark.parametrize("form", list(IccForm))
def test_an_intraclass_correlation_without_variation_is_undefined(form: IccForm) -> None:
    assert icc(ratings_of([[1, 1], [1, 1]], [0, 1]), form).undefined_because is Reason.NO_VARIATION


@pytest.mark.parametrize("form", list(IccForm))
def test_identical_reviewers_correlate_perfectly_without_an_interval(form: IccForm) -> None:
    figure = icc(ratings_of([[0, 0], [1, 1], [2, 2]]), form)
    assert (figure.value, figure.ci_low, figure.undefined_because) == (1.0, None, Reason.PERFECT_AGREEMENT)


def test_concordance_without_variation_is_undefined() -> None:
    assert kendall_w(ratings_of([[1, 1], [1, 1]], [0, 1])).undefined_because is Reason.NO_VARIATION


def test_identical_rankings_are_in_full_concord() -> None:
    assert kendall_w(ratings_of([[0, 0, 0], [1, 1, 1], [2, 2, 2]])).value == pytest.approx(1)


def test_fleiss_by_level_needs_the_same_number_of_ratings_everywhere() -> None:
    counts = PatternCounts.of(ratings_of(KRIPPENDORFF_C))
    assert {figure.undefined_because for figure in fleiss_by_level(counts)} == {Reason.NEEDS_EQUAL_RATINGS}
    assert fleiss_test(counts).undefined_because is Reason.NEEDS_EQUAL_RATINGS


def test_complete_nominal_alpha_follows_from_fleiss_kappa() -> None:
    """1 − α = (1 − κ)(1 − 1/n) for complete data with n ratings."""
    from evalhub.stats import Scale, alpha

    counts = PatternCounts.of(ratings_of([[0, 1, 1], [2, 2, 0], [1, 1, 1], [0, 0, 0]]))
    kappa = fleiss_kappa(counts).value
    assert kappa is not None
    assert alpha(counts, scale=Scale.NOMINAL).value == pytest.approx(1 - (1 - kappa) * (1 - 1 / 12))


def test_lights_kappa_says_that_two_reviewers_share_no_item() -> None:
    ratings = Ratings([0, 0, 1, 1], [0, 1, 1, 2], [0, 1, 1, 1], n_levels=2)
    assert light_kappa(ratings).undefined_because is Reason.NEEDS_SHARED_PAIRS
