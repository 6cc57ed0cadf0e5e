from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from evalhub.errors import BadInput
from evalhub.stats import Method, ModelScores, Ratings, Reason, adjusted_means, model_scores
from evalhub.stats.multiple import holm
from evalhub.stats.paired import fewest_groups, sign_flip, smallest_detectable
from evalhub.stats.severity import severities

TRUE_GAP = 0.4


def compare(group: list[int], model: list[int], score: list[float], **given: object) -> ModelScores:
    blank = {"passed": [np.nan] * len(score), "level": [-1] * len(score), "replicates": 200}
    return model_scores(group, model, score=score, **{**blank, **given})  # type: ignore[arg-type]


def world(seed: int, gap: float, groups: int = 20, replicates: int = 400) -> ModelScores:
    """Two models on the same groups; scores share the group and are skewed."""
    rng = np.random.default_rng(seed)
    shared = rng.exponential(size=groups)
    scores = np.stack([shared + rng.exponential(size=groups), shared + rng.exponential(size=groups) + gap], axis=1)
    return compare(list(np.repeat(np.arange(groups), 2)), [0, 1] * groups, list(scores.ravel()), replicates=replicates)


def test_means_differences_and_shares_are_those_of_the_items() -> None:
    found = model_scores(
        [0, 0, 1, 1, 2], [7, 9, 7, 9, 7],
        score=[1.0, 3.0, 2.0, 5.0, 9.0], passed=[0, 1, 1, 1, np.nan], level=[0, 2, 1, 2, -1],
    )  # fmt: skip
    first, second = found.models
    assert [first.model, first.n_items, first.n_groups] == [7, 3, 3]
    assert (first.score.value, second.score.value) == (4.0, 4.0)
    assert (first.pass_rate.value, first.pass_rate.n_items, second.pass_rate.value) == (0.5, 2, 1.0)
    assert [one.value for one in first.level_shares] == [0.5, 0.5, 0.0]
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.n_shared_groups, pair.difference.value) == (7, 9, 2, -2.5)


def test_a_group_that_one_model_lacks_does_not_enter_the_pair() -> None:
    group, model = [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]
    with_noise = compare([*group, 3, 4], [*model, 0, 1], [1, 2, 3, 5, 4, 9, 1_000, -1_000])
    assert with_noise.pairs[0].difference.value == compare(group, model, [1, 2, 3, 5, 4, 9]).pairs[0].difference.value
    assert with_noise.pairs[0].n_shared_groups == 3


def test_several_answers_of_a_model_to_one_prompt_count_as_one_group() -> None:
    (pair,) = compare([0, 0, 0, 1, 1], [0, 0, 1, 0, 1], [1, 3, 1, 4, 2]).pairs
    assert (pair.difference.value, pair.n_shared_groups) == (1.5, 2)


def test_an_undefined_score_is_left_out() -> None:
    found = compare([0, 0, 1, 1], [0, 1, 0, 1], [1, 2, np.nan, 4])
    assert found.models[0].score.n_items == 1
    assert found.pairs[0].n_shared_groups == 1


def test_intervals_of_means_and_differences_cover_the_truth() -> None:
    found = [world(seed, TRUE_GAP) for seed in range(500)]
    differences = [one.pairs[0].difference for one in found]
    means = [one.models[0].score for one in found]
    for figures, truth in ((differences, -TRUE_GAP), (means, 2.0)):
        covers = [(one.ci_low or 0) <= truth <= (one.ci_high or 0) for one in figures]
        assert 0.92 <= np.mean(covers) <= 0.98


def test_equal_models_are_told_apart_in_five_of_a_hundred_worlds() -> None:
    p_values = [world(seed, 0.0, replicates=2).pairs[0].p_value or 0 for seed in range(400)]
    assert np.mean([p <= 0.05 for p in p_values]) == pytest.approx(0.05, abs=0.025)


def test_the_smallest_detectable_difference_is_found_with_a_chance_of_four_fifths() -> None:
    rng = np.random.default_rng(1)
    detectable = np.mean([smallest_detectable(rng.normal(size=25), 1) for _ in range(300)])
    shifted = rng.normal(size=(25, 400)) + detectable
    assert np.mean(sign_flip(shifted, seed=2) <= 0.05) == pytest.approx(0.8, abs=0.06)


def test_the_p_value_is_that_of_all_sign_flips_and_near_the_paired_t_test() -> None:
    difference = np.array([0.3, 0.9, -0.2, 0.6, 0.4, 0.1, 0.8, -0.1, 0.5])
    sums = np.array([np.dot(signs, difference) for signs in product((-1, 1), repeat=len(difference))])
    exact = np.mean(np.abs(sums) >= difference.sum() - 1e-12)
    p_value = sign_flip(difference[:, None], seed=1)[0]
    assert p_value == pytest.approx(exact, abs=1e-12)
    assert p_value == pytest.approx(ttest_rel(difference, np.zeros_like(difference)).pvalue, abs=0.02)


@pytest.mark.parametrize(("pairs", "groups"), [(1, 6), (3, 7), (10, 9)])
def test_with_too_few_groups_no_difference_can_be_seen(pairs: int, groups: int) -> None:
    differences = np.arange(1.0, groups + 1)
    assert fewest_groups(pairs) == groups
    assert sign_flip(differences[:, None], seed=1)[0] * pairs <= 0.05 < sign_flip(differences[1:, None], 1)[0] * pairs
    assert smallest_detectable(differences[1:], pairs) is None
    assert (smallest_detectable(differences, pairs) or 0) > 0


@pytest.mark.parametrize(("groups", "least"), [(14, 2 / 2**14), (30, 1 / 10_001)])
def test_signs_are_enumerated_where_up_to_fourteen_groups_differ_and_drawn_beyond(groups: int, least: float) -> None:
    alike = np.zeros(20)
    difference = np.append(np.arange(1.0, groups + 1), alike)
    assert sign_flip(np.stack([difference, np.zeros_like(difference)], axis=1), seed=4) == pytest.approx([least, 1.0])


def test_three_models_make_three_pairs_adjusted_together() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(30, 3)) + np.array([0, 0.1, 2])
    found = compare(list(np.repeat(np.arange(30), 3)), [0, 1, 2] * 30, list(scores.ravel()))
    assert [(pair.first, pair.second) for pair in found.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert [pair.p_holm for pair in found.pairs] == list(holm([pair.p_value for pair in found.pairs]))
    assert [(pair.p_holm or 1) <= 0.05 for pair in found.pairs] == [False, True, True]


def test_models_without_a_shared_group_have_no_difference() -> None:
    (pair,) = compare([0, 1, 2, 3], [0, 0, 1, 1], [1, 2, 3, 4]).pairs
    assert (pair.difference.value, pair.difference.undefined_because) == (None, Reason.NO_SHARED_GROUPS)
    assert (pair.p_value, pair.p_holm, pair.smallest_detectable) == (None, None, None)


@pytest.mark.parametrize(("groups", "because"), [(5, Reason.TOO_FEW_GROUPS), (6, None)])
def test_fewer_than_six_groups_have_no_interval(groups: int, because: Reason | None) -> None:
    group, model = list(np.repeat(np.arange(groups), 2)), [0, 1] * groups
    found = compare(group, model, [1, 2, 5, 3, 2, 9, 4, 4, 7, 1, 3, 8][: 2 * groups])
    for figure in (found.pairs[0].difference, found.models[0].score):
        assert (figure.ci_low is None, figure.undefined_because) == (because is not None, because)


def test_one_shared_group_has_a_difference_without_a_test() -> None:
    (pair,) = compare([0, 0, 1], [0, 1, 1], [1, 2, 3]).pairs
    assert pair.difference.value == -1.0
    assert (pair.p_value, pair.smallest_detectable) == (None, None)


def test_the_same_difference_in_every_group_has_no_interval_but_a_test() -> None:
    (pair,) = compare(list(np.repeat(np.arange(10), 2)), [0, 1] * 10, [1.0, 2.0] * 10).pairs
    assert (pair.difference.ci_low, pair.difference.undefined_because) == (None, Reason.NO_SPREAD)
    assert pair.p_value == 2 / 1024


def test_a_model_without_any_score_says_so() -> None:
    found = compare([0, 0, 1, 1], [0, 1, 0, 1], [1, np.nan, 2, np.nan])
    scored = found.models[1]
    for figure in (scored.score, scored.pass_rate, *scored.level_shares):
        assert (figure.value, figure.undefined_because) == (None, Reason.NOTHING_SCORED)


def test_a_share_of_nothing_has_a_width() -> None:
    found = compare([0, 1, 2, 3], [0, 0, 0, 0], [1, 2, 3, 4], passed=[0, 0, 0, 0])
    rate = found.models[0].pass_rate
    assert (rate.value, rate.ci_low, rate.method) == (0.0, 0.0, Method.PROPORTION)
    assert rate.ci_high is not None
    assert rate.ci_high > 0.3


def test_nothing_makes_no_models() -> None:
    assert compare([], [], []).models == ()


def test_one_model_makes_no_pairs() -> None:
    assert compare([0, 1], [0, 0], [1, 2]).pairs == ()


def test_columns_of_different_length_and_unknown_levels_are_refused() -> None:
    with pytest.raises(BadInput, match="same length"):
        compare([0, 1], [0, 1], [1.0])
    with pytest.raises(BadInput, match="below 3"):
        compare([0, 1], [0, 1], [1.0, 2.0], level=[0, 3])


items = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(-5, 5), st.sampled_from([0.0, 1.0, np.nan])),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(items)
def test_every_figure_has_a_number_within_its_interval_or_a_reason(rows: list[tuple[int, int, int, float]]) -> None:
    group, model, score, passed = ([row[at] for row in rows] for at in range(4))
    found = compare(group, model, [float(one) for one in score], passed=passed)
    figures = [figure for one in found.models for figure in (one.score, one.pass_rate)]
    for figure in figures + [pair.difference for pair in found.pairs]:
        assert (figure.value is None or figure.ci_low is None) <= (figure.undefined_because is not None)
        if figure.ci_low is not None and figure.ci_high is not None:
            assert figure.ci_low < figure.ci_high
    assert all(0 < pair.p_value <= pair.p_holm <= 1 for pair in found.pairs if pair.p_value and pair.p_holm)


@settings(max_examples=30, deadline=None)
@given(items)
def test_a_shift_of_all_scores_shifts_means_and_keeps_differences(rows: list[tuple[int, int, int, float]]) -> None:
    group, model, score = ([row[at] for row in rows] for at in range(3))
    here, there = compare(group, model, score), compare(group, model, [one + 100 for one in score])
    for one, other in zip(here.models, there.models, strict=True):
        assert (other.score.value or 0) - 100 == pytest.approx(one.score.value or 0)
    for pair, same in zip(here.pairs, there.pairs, strict=True):
        assert pair.p_value == same.p_value
        assert (pair.difference.value is None) == (same.difference.value is None)
        assert pair.difference.value == pytest.approx(same.difference.value)


def severe_world() -> tuple[Ratings, np.ndarray]:
    """Model 1 is rated by lenient reviewers twice as often; both models are equally good."""
    rng = np.random.default_rng(5)
    quality, is_second = rng.normal(5, 1, 400), np.arange(400) % 2 == 1
    chance = np.where(is_second[:, None], [1, 1, 1, 3, 3, 3], [3, 3, 3, 1, 1, 1])
    who = np.argsort(-(rng.random((400, 6)) ** (1 / chance)), axis=1)[:, :2]
    bias = np.array([-0.6, -0.4, -0.2, 0.2, 0.4, 0.6])
    numbers = quality[:, None] + bias[who] + rng.normal(0, 0.4, who.shape)
    unit = np.repeat(np.arange(400), 2)
    return Ratings.of_values(unit, who.ravel(), np.round(numbers.ravel(), 1)), is_second


def test_adjusting_takes_out_who_rated_which_model() -> None:
    ratings, is_second = severe_world()
    means = adjusted_means(ratings, severities(ratings))
    quality_gap = 0.0
    raw = means.raw[is_second].mean() - means.raw[~is_second].mean()
    adjusted = means.adjusted[is_second].mean() - means.adjusted[~is_second].mean()
    assert abs(adjusted - quality_gap) < 0.5 * abs(raw - quality_gap)
    assert (means.n_components, means.n_unknown) == (1, 0)


def test_without_severities_the_adjusted_means_are_the_raw_ones() -> None:
    ratings = Ratings([4, 4, 9], [0, 1, 0], [0, 2, 1], n_levels=3)
    means = adjusted_means(ratings, ())
    assert list(means.unit) == [4, 9]
    assert list(means.raw) == list(means.adjusted) == [1.0, 1.0]
    assert (means.n_components, means.n_unknown) == (0, 3)


def test_each_rating_is_moved_by_the_shrunk_severity_of_its_reviewer() -> None:
    ratings, _ = severe_world()
    known = severities(ratings)
    one = ratings.only(ratings.rater == 2)
    means = adjusted_means(one, known)
    assert means.raw - means.adjusted == pytest.approx(np.full(len(means.unit), known[2].shrunk))
